#pragma once
// Messages to WebSockets, where this build has Boost.

#include <functional>
#include <memory>

#include "poise/gesture/gesture_actions.h"

namespace poise::app {

/// open_websocket_messages(); null where this build has none.
std::unique_ptr<MessageSender> open_messages(std::function<void(const Error& error)> failed);

}  // namespace poise::app
