#include "poise/gesture/websocket/websocket_messages.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <deque>
#include <future>
#include <map>
#include <string>
#include <thread>

namespace poise {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = asio::ip::tcp;

constexpr std::chrono::seconds kPatience{3};
constexpr std::chrono::milliseconds kFarewell{500};
constexpr std::size_t kMostWaiting = 32;

struct Address {
  std::string host, port = "80", path = "/";
};

/// ws://HOST[:PORT][/PATH], HOST perhaps an IPv6 address in brackets.
Result<Address> parse_address(const std::string& url) {
  constexpr std::string_view kScheme = "ws://";
  const auto wrong = [&] { return invalid_argument(url + " is no address: ws://HOST:PORT/PATH is"); };
  if (!url.starts_with(kScheme)) return wrong();
  Address address;
  std::string rest = url.substr(kScheme.size());
  if (const std::size_t slash = rest.find('/'); slash != std::string::npos) {
    address.path = rest.substr(slash);
    rest.resize(slash);
  }
  const std::size_t bracket = rest.find(']');
  const std::size_t colon = rest.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    address.port = rest.substr(colon + 1);
    rest.resize(colon);
  }
  if (rest.starts_with('[') && bracket != std::string::npos) rest = rest.substr(1, bracket - 1);
  address.host = rest;
  const bool number = !address.port.empty() && address.port.size() <= 5 &&
                      address.port.find_first_not_of("0123456789") == std::string::npos;
  const bool control = std::any_of(url.begin(), url.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
  if (address.host.empty() || !number || control) return wrong();
  return address;
}

/// The connection to one address. All of it is done by the one thread of the context.
class Line : public std::enable_shared_from_this<Line> {
 public:
  using Failed = std::function<void(const std::string& why)>;
  Line(asio::io_context& context, Address address, Failed failed)
      : context_(context), resolver_(context), address_(std::move(address)), failed_(std::move(failed)) {}

  void send(std::string text) {
    if (waiting_.size() == kMostWaiting) return failed_("it takes no more messages");
    waiting_.push_back(std::move(text));
    if (!stream_) {
      connect();
    } else if (open_ && !writing_) {
      write();
    }
  }
  bool is_idle() const { return waiting_.empty(); }

 private:
  using Stream = websocket::stream<beast::tcp_stream>;

  void connect() {
    stream_ = std::make_shared<Stream>(context_);
    auto self = shared_from_this();
    resolver_.async_resolve(
        address_.host, address_.port,
        [self, stream = stream_](beast::error_code error, const tcp::resolver::results_type& found) {
          if (error) return self->lose(stream, error);
          beast::get_lowest_layer(*stream).expires_after(kPatience);
          beast::get_lowest_layer(*stream).async_connect(
              found, [self, stream](beast::error_code failed, const tcp::endpoint& /*where*/) {
                self->shake_hands(stream, failed);
              });
        });
  }

  void shake_hands(const std::shared_ptr<Stream>& stream, beast::error_code failed) {
    if (failed) return lose(stream, failed);
    beast::get_lowest_layer(*stream).expires_never();
    websocket::stream_base::timeout times = websocket::stream_base::timeout::suggested(beast::role_type::client);
    times.handshake_timeout = kPatience;
    stream->set_option(times);
    stream->async_handshake(address_.host + ":" + address_.port, address_.path,
                            [self = shared_from_this(), stream](beast::error_code error) {
                              if (error) return self->lose(stream, error);
                              self->open_ = true;
                              self->read(stream);
                              self->write();
                            });
  }

  /// Pings are answered and a line that breaks is noticed only while it is read.
  void read(const std::shared_ptr<Stream>& stream) {
    buffer_.clear();
    stream->async_read(buffer_, [self = shared_from_this(), stream](beast::error_code error, std::size_t) {
      if (error) return self->lose(stream, error);
      self->read(stream);
    });
  }

  void write() {
    if (waiting_.empty()) return;
    writing_ = true;
    stream_->text(true);
    stream_->async_write(asio::buffer(waiting_.front()),
                         [self = shared_from_this(), stream = stream_](beast::error_code error, std::size_t) {
                           if (error) return self->lose(stream, error);
                           self->writing_ = false;
                           self->waiting_.pop_front();
                           self->write();
                         });
  }

  /// A gesture is of its moment: what could not go is not kept for later.
  void lose(const std::shared_ptr<Stream>& stream, beast::error_code why) {
    if (stream != stream_) return;  // told already
    beast::get_lowest_layer(*stream_).close();
    stream_.reset();
    open_ = writing_ = false;
    for (; !waiting_.empty(); waiting_.pop_front()) failed_(why.message());
  }

  asio::io_context& context_;
  tcp::resolver resolver_;
  Address address_;
  Failed failed_;
  std::shared_ptr<Stream> stream_;  // null: not connected, and nobody tries
  beast::flat_buffer buffer_;
  std::deque<std::string> waiting_;  // the first is being written
  bool open_ = false, writing_ = false;
};

class WebSocketMessages final : public MessageSender {
 public:
  explicit WebSocketMessages(std::function<void(const Error& error)> failed) : failed_(std::move(failed)) {
    thread_ = std::thread([this] { context_.run(); });
  }
  WebSocketMessages(const WebSocketMessages&) = delete;
  WebSocketMessages& operator=(const WebSocketMessages&) = delete;

  ~WebSocketMessages() override {
    const auto end = std::chrono::steady_clock::now() + kFarewell;
    while (!is_idle() && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    context_.stop();
    thread_.join();
  }

  Status send(const std::string& url, const std::string& text) override {
    POISE_TRY(Address address, parse_address(url));
    asio::post(context_, [this, url, text, address = std::move(address)]() mutable {
      std::shared_ptr<Line>& line = lines_[url];
      if (!line) {
        line = std::make_shared<Line>(context_, std::move(address), [this, url](const std::string& why) {
          failed_(io_error("a message to " + url + " is lost: " + why));
        });
      }
      line->send(text);
    });
    return {};
  }

 private:
  bool is_idle() {
    std::promise<bool> idle;
    asio::post(context_, [&] {
      idle.set_value(std::ranges::all_of(lines_, [](const auto& line) { return line.second->is_idle(); }));
    });
    return idle.get_future().get();
  }

  std::function<void(const Error& error)> failed_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(context_);
  std::map<std::string, std::shared_ptr<Line>> lines_;  // by address
  std::thread thread_;
};

}  // namespace

std::unique_ptr<MessageSender> open_websocket_messages(std::function<void(const Error& error)> failed) {
  return std::make_unique<WebSocketMessages>(std::move(failed));
}

}  // namespace poise
