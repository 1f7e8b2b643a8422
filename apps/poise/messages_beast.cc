#include "messages.h"
#include "poise/gesture/websocket/websocket_messages.h"

namespace poise::app {

std::unique_ptr<MessageSender> open_messages(std::function<void(const Error& error)> failed) {
  return open_websocket_messages(std::move(failed));
}

}  // namespace poise::app
