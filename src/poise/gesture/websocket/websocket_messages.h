#pragma once
// Messages to WebSockets (RFC 6455), for gestures whose action is one. A library of its own, poise::http: Boost.

#include <functional>
#include <memory>

#include "poise/gesture/gesture_actions.h"

namespace poise {

/// Keeps a connection an address, opened with the first message, again where it was lost; what a server says is passed
/// over. A message that is not gone within 3 s, or cannot go, is dropped and told to `failed`, which is called by a
/// thread of its own. When this ends, what is under way has .5 s. Any threads.
std::unique_ptr<MessageSender> open_websocket_messages(std::function<void(const Error& error)> failed);

}  // namespace poise
