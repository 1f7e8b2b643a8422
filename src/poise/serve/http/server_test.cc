#include "poise/serve/http/server.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <thread>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"

namespace poise {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using std::chrono::milliseconds;
using Answer = http::response<http::string_body>;

std::string slurp(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path, 1U << 26U).value();
  return {bytes.begin(), bytes.end()};
}

const std::string kFigure = slurp(std::filesystem::path(POISE_SOURCE_DIR) / "docs/images/figure.jpg");

class HttpServer : public ::testing::Test {
 protected:
  void open(ServerOptions options = {}, PoseServiceOptions service = {}) {
    options.port = 0;
    metrics_ = make_server_metrics();
    service.workers = service.workers == 0 ? 2 : service.workers;
    service.metrics = service_metrics(metrics_);
    service_ = PoseService::open(service).value();
    options.log = [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      log_.push_back(line);
    };
    server_ = Server::open(*service_, metrics_, options).value();
  }

  tcp::socket connect() {
    tcp::socket socket(context_);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  static Answer read_answer(tcp::socket& socket, bool head = false) {
    beast::flat_buffer buffer;
    return read_answer(socket, buffer, head);
  }

  /// `buffer` keeps what comes behind the answer.
  static Answer read_answer(tcp::socket& socket, beast::flat_buffer& buffer, bool head) {
    http::response_parser<http::string_body> parser;
    parser.skip(head);
    parser.body_limit(1U << 27U);
    beast::error_code error;
    http::read(socket, buffer, parser, error);
    EXPECT_TRUE(!error || error == http::error::end_of_stream) << error.message();
    return parser.release();
  }

  /// Sends the text as it is and reads what is answered.
  Answer send(const std::string& text, bool head = false) {
    tcp::socket socket = connect();
    beast::error_code ignored;  // the server may have hung up on too much
    asio::write(socket, asio::buffer(text), ignored);
    return read_answer(socket, head);
  }

  Answer get(const std::string& target, const std::string& more = "") {
    return send("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + more + "\r\n");
  }

  static std::string post_text(const std::string& body, const std::string& more = "") {
    return "POST /v1/poses HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           more + "\r\n" + body;
  }

  /// Whether the other end closes within the time.
  static bool closes(tcp::socket& socket, milliseconds most) {
    socket.non_blocking(true);
    const auto until = std::chrono::steady_clock::now() + most;
    while (std::chrono::steady_clock::now() < until) {
      char byte = 0;
      beast::error_code error;
      socket.read_some(asio::buffer(&byte, 1), error);
      if (error && error != asio::error::would_block) return true;
      std::this_thread::sleep_for(milliseconds(5));
    }
    return false;
  }

  asio::io_context context_;
  std::mutex mutex_;
  std::vector<std::string> log_;
  std::shared_ptr<ServerMetrics> metrics_;
  std::unique_ptr<PoseService> service_;
  std::unique_ptr<Server> server_;
};

TEST_F(HttpServer, AnswersOverOneConnectionRequestAfterRequest) {
  open();
  tcp::socket socket = connect();
  const HttpRequest direct = [] {
    HttpRequest request;
    request.method = "POST";
    request.path = "/v1/poses";
    request.body = kFigure;
    return request;
  }();
  const std::string expected = service_->answer(direct).body;
  for (int i = 0; i < 3; ++i) {
    asio::write(socket, asio::buffer(post_text(kFigure, "X-Request-Id: mine-" + std::to_string(i) + "\r\n")));
    const Answer answer = read_answer(socket);
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer.body(), expected);
    EXPECT_EQ(answer["X-Request-Id"], "mine-" + std::to_string(i));
    EXPECT_EQ(answer[http::field::content_type], "application/json");
  }
  const std::string two = "HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /readyz HTTP/1.1\r\nHost: a\r\n\r\n";
  asio::write(socket, asio::buffer(two));
  beast::flat_buffer both;
  EXPECT_EQ(read_answer(socket, both, true).body(), "");
  EXPECT_EQ(read_answer(socket, both, false).body(), "ready\n") << "requests may come before the answer";
  std::unique_lock lock(mutex_);
  ASSERT_EQ(log_.size(), 5U);
  EXPECT_EQ(parse_json(std::string_view(log_[1])).value().string("request").value(), "mine-1");
  EXPECT_EQ(log_[1].find("JFIF"), std::string::npos);
  lock.unlock();
  const std::string counted = get("/metrics").body();
  EXPECT_TRUE(counted.find("poise_requests_total{status=\"200\"} 5") != std::string::npos) << counted;
  EXPECT_TRUE(counted.find("poise_stage_seconds_count{stage=\"find\"}") != std::string::npos) << counted;
}

TEST_F(HttpServer, ThePageSpeaksToNobodyElse) {
  open();
  const Answer page = get("/");
  EXPECT_EQ(page.result_int(), 200U);
  EXPECT_EQ(page["Cross-Origin-Opener-Policy"], "same-origin");
  EXPECT_EQ(page["Cross-Origin-Embedder-Policy"], "require-corp");
  EXPECT_TRUE(page["Content-Security-Policy"].find("default-src 'none'") != beast::string_view::npos);
  for (const char* target : {"/assets/index.js", "/assets/index.css", "/icon.svg"})
    EXPECT_EQ(get(target).result_int(), 200U) << target;
}

TEST_F(HttpServer, TraversalNeverLeavesThePage) {
  open();
  const std::vector<std::string> ups{"../",    "..%2f",           "%2e%2e/", "%2e%2e%2f", "..\\",          "..%5c",
                                     "....//", "%252e%252e%252f", "..;/",    "/./../",    "%c0%ae%c0%ae/", "..%00/"};
  const std::vector<std::string> targets{"etc/passwd", "proc/self/environ", "assets/../../etc/passwd"};
  const std::vector<std::string> starts{"/", "/assets/", "//"};
  int tried = 0;
  for (const std::string& up : ups) {
    for (const std::string& target : targets) {
      for (const std::string& start : starts) {
        std::string path = start;
        for (int i = 0; i < 6; ++i) path += up;
        const Answer answer = get(path + target);
        EXPECT_TRUE(answer.result_int() == 404 || answer.result_int() == 400) << path << " " << answer.result_int();
        EXPECT_EQ(answer.body().find("root:"), std::string::npos) << path;
        ++tried;
      }
    }
  }
  EXPECT_GE(tried, 100);
}

TEST_F(HttpServer, TooMuchIsRefusedBeforeItIsTaken) {
  ServerOptions options;
  options.max_body = 100'000;
  open(options);
  EXPECT_EQ(send("POST /v1/poses HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n").result_int(), 413U);
  EXPECT_EQ(send("POST /v1/poses HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n").result_int(), 413U);
  std::string chunked = "POST /v1/poses HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 3; ++i) chunked += "C000\r\n" + std::string(0xC000, 'a') + "\r\n";
  EXPECT_EQ(send(chunked).result_int(), 413U);
  EXPECT_EQ(send("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n").result_int(), 431U);
  EXPECT_EQ(send("GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(9000, 'a') + "\r\n\r\n").result_int(), 431U);
  std::string lines = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 120; ++i) lines += "A" + std::to_string(i) + ": b\r\n";
  EXPECT_EQ(send(lines + "\r\n").result_int(), 431U);
  std::string tiny = "POST /v1/poses HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 70'000; ++i) tiny += "1\r\na\r\n";
  EXPECT_EQ(send(tiny).result_int(), 413U);
}

TEST_F(HttpServer, WhatIsNoRequestIsRefused) {
  open();
  EXPECT_EQ(send("nonsense\r\n\r\n").result_int(), 400U);
  EXPECT_EQ(send("GET noslash HTTP/1.1\r\nHost: a\r\n\r\n").result_int(), 400U);
  EXPECT_EQ(send("POST /v1/poses HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n").result_int(), 400U);
  EXPECT_EQ(send("POST /v1/poses HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n").result_int(), 400U);
  EXPECT_EQ(send(post_text("{\"image\":", "Content-Type: application/json\r\n")).result_int(), 400U);
  EXPECT_EQ(send(post_text("x", "Content-Type: multipart/form-data; boundary=a\r\n")).result_int(), 400U);
  EXPECT_EQ(send(post_text("\x1f\x8b", "Content-Encoding: gzip\r\n")).result_int(), 415U);
  EXPECT_EQ(get("/healthz", "Origin: http://elsewhere.example\r\n").result_int(), 403U);
  EXPECT_EQ(get("/healthz", "Origin: http://127.0.0.1\r\n").result_int(), 200U);
}

TEST_F(HttpServer, TheTokenIsAskedFor) {
  ServerOptions options;
  options.token = "secret";
  open(options);
  EXPECT_EQ(get("/v1/models").result_int(), 401U);
  EXPECT_EQ(get("/v1/models", "Authorization: Bearer secret2\r\n").result_int(), 401U);
  EXPECT_EQ(get("/metrics").result_int(), 401U);
  EXPECT_EQ(get("/v1/models?token=secret").result_int(), 401U) << "for streams alone";
  EXPECT_EQ(get("/v1/models", "Authorization: Bearer secret\r\n").result_int(), 200U);
  EXPECT_EQ(get("/healthz").result_int(), 200U);
  EXPECT_EQ(get("/").result_int(), 200U);
  EXPECT_EQ(
      send("POST /v1/poses HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").result_int(),
      401U);
}

TEST_F(HttpServer, SlowClientsAreLetGo) {
  ServerOptions options;
  options.header_time = milliseconds(150);
  options.body_time = milliseconds(150);
  options.idle_time = milliseconds(150);
  open(options);
  tcp::socket silent = connect(), half = connect(), body = connect(), idle = connect();
  asio::write(half, asio::buffer(std::string("GET / HTTP/1.1\r\nHo")));
  asio::write(body, asio::buffer(std::string("POST /v1/poses HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab")));
  asio::write(idle, asio::buffer(std::string("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")));
  EXPECT_EQ(read_answer(idle).result_int(), 200U);
  for (tcp::socket* socket : {&silent, &half, &body, &idle}) EXPECT_TRUE(closes(*socket, milliseconds(3000)));
  EXPECT_EQ(get("/healthz").result_int(), 200U);
}

TEST_F(HttpServer, ConnectionsBeyondTheLimitAreClosed) {
  ServerOptions options;
  options.max_connections = 3;
  open(options);
  std::vector<tcp::socket> kept;
  for (int i = 0; i < 3; ++i) kept.push_back(connect());
  while (server_->connections() < 3) std::this_thread::sleep_for(milliseconds(1));
  tcp::socket fourth = connect();
  EXPECT_TRUE(closes(fourth, milliseconds(2000)));
  kept.clear();
  while (server_->connections() > 0) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(get("/healthz").result_int(), 200U);
}

TEST_F(HttpServer, WhoHasGoneIsNotWorkedFor) {
  PoseServiceOptions service;
  service.workers = 1;
  open({}, service);
  for (int i = 0; i < 40; ++i) {
    tcp::socket socket = connect();
    asio::write(socket, asio::buffer(post_text(kFigure)));
  }
  const auto answered = [&] {
    const std::lock_guard lock(mutex_);
    return log_.size();
  };
  while (answered() < 40) std::this_thread::sleep_for(milliseconds(2));
  const std::string counted = get("/metrics").body();
  const std::string line = "poise_refused_total{reason=\"closed\"} ";
  const std::size_t at = counted.find(line);
  ASSERT_NE(at, std::string::npos);
  EXPECT_GE(std::stod(counted.substr(at + line.size())), 10) << counted;
}

TEST_F(HttpServer, WhoSendsNoMoreIsAnswered) {
  open();
  for (const char* version : {"1.1", "1.0"}) {
    tcp::socket socket = connect();
    std::string request = post_text(kFigure);
    request.replace(request.find("1.1"), 3, version);
    asio::write(socket, asio::buffer(request));
    socket.shutdown(tcp::socket::shutdown_send);
    beast::flat_buffer buffer;
    Answer answer = read_answer(socket, buffer, false);
    if (version == std::string("1.1") && answer.result_int() == 100U) answer = read_answer(socket, buffer, false);
    EXPECT_EQ(answer.result_int(), 200U) << version << " " << answer.body();
  }
}

TEST_F(HttpServer, DrainLosesNoRequestThatCame) {
  PoseServiceOptions service;
  service.workers = 1;
  open({}, service);
  std::vector<tcp::socket> sockets;
  for (int i = 0; i < 12; ++i) {
    sockets.push_back(connect());
    if (i < 8) asio::write(sockets.back(), asio::buffer(post_text(kFigure)));
  }
  while (server_->connections() < 12) std::this_thread::sleep_for(milliseconds(1));
  std::thread drained([&] { EXPECT_TRUE(server_->drain(milliseconds(50), milliseconds(30'000))); });
  while (service_->ready()) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_EQ(get("/readyz").result_int(), 503U) << "still listens";
  for (int i = 0; i < 8; ++i) {
    const Answer answer = read_answer(sockets[static_cast<std::size_t>(i)]);
    EXPECT_EQ(answer.result_int(), 200U) << i;
  }
  for (std::size_t i = 8; i < 12; ++i) EXPECT_TRUE(closes(sockets[i], milliseconds(5000))) << i;
  drained.join();
  tcp::socket late(context_);
  beast::error_code error;
  late.connect({asio::ip::make_address("127.0.0.1"), server_->port()}, error);
  EXPECT_TRUE(error) << "nobody listens any more";
}

TEST_F(HttpServer, StreamsGiveAnAnswerAFrameAndKeepIds) {
  ServerOptions options;
  options.max_frame = 100'000;
  open(options);
  namespace websocket = beast::websocket;
  websocket::stream<tcp::socket> stream(connect());
  stream.handshake("127.0.0.1", "/v1/stream");
  std::optional<std::int64_t> id;
  for (int i = 1; i <= 4; ++i) {
    stream.binary(true);
    stream.write(asio::buffer(kFigure));
    beast::flat_buffer buffer;
    stream.read(buffer);
    const Json answer = parse_json(std::string_view(beast::buffers_to_string(buffer.data()))).value();
    EXPECT_EQ(answer.integer("frame").value(), i);
    const std::int64_t seen = answer.find("persons")->as_array().at(0).integer("track_id").value();
    EXPECT_EQ(id.value_or(seen), seen);
    id = seen;
  }
  stream.text(true);
  stream.write(asio::buffer(std::string("hello")));
  beast::flat_buffer buffer;
  stream.read(buffer);
  EXPECT_TRUE(beast::buffers_to_string(buffer.data()).find("binary message") != std::string::npos);
  stream.binary(true);
  stream.write(asio::buffer(std::string(100'001, 'a')));
  beast::error_code error;
  beast::flat_buffer rest;
  while (!error) stream.read(rest, error);
  EXPECT_EQ(stream.reason().code, websocket::close_code::too_big);

  websocket::stream<tcp::socket> open_stream(connect());
  open_stream.handshake("127.0.0.1", "/v1/stream");
  open_stream.binary(true);
  open_stream.write(asio::buffer(kFigure));
  std::thread closing([&] { EXPECT_TRUE(server_->drain(milliseconds(0), milliseconds(20'000))); });
  error = {};
  while (!error) open_stream.read(rest, error);
  EXPECT_EQ(error, websocket::error::closed) << error.message() << " [" << beast::buffers_to_string(rest.data()) << "]";
  closing.join();
}

TEST_F(HttpServer, EndsWhileItIsAskedAndStreamed) {
  for (int round = 0; round < 5; ++round) {
    open();
    boost::beast::websocket::stream<tcp::socket> stream(connect());
    stream.handshake("127.0.0.1", "/v1/stream");
    stream.binary(true);
    stream.write(asio::buffer(kFigure));
    std::vector<tcp::socket> sockets;
    for (int i = 0; i < 6; ++i) {
      sockets.push_back(connect());
      asio::write(sockets.back(), asio::buffer(post_text(kFigure)));
    }
    std::this_thread::sleep_for(milliseconds(17 * round));
    server_.reset();
  }
}

TEST_F(HttpServer, UpgradesElsewhereAreRefused) {
  open();
  const std::string upgrade =
      " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(send("GET /v1/other" + upgrade + "\r\n").result_int(), 404U);
  EXPECT_EQ(send("GET /v1/stream" + upgrade + "Origin: http://b\r\n\r\n").result_int(), 403U);
  EXPECT_EQ(send("GET /v1/stream" + upgrade + "\r\n").result_int(), 101U);
}

/// Writes a key and a certificate of its own signing.
void write_certificate(const std::string& certificate, const std::string& key) {
  EVP_PKEY* pair = EVP_RSA_gen(2048);
  X509* x509 = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
  X509_gmtime_adj(X509_getm_notBefore(x509), 0);
  X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
  X509_set_pubkey(x509, pair);
  X509_NAME* name = X509_get_subject_name(x509);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(x509, name);
  X509_sign(x509, pair, EVP_sha256());
  BIO* out = BIO_new_file(certificate.c_str(), "w");
  PEM_write_bio_X509(out, x509);
  BIO_free(out);
  out = BIO_new_file(key.c_str(), "w");
  PEM_write_bio_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr);
  BIO_free(out);
  X509_free(x509);
  EVP_PKEY_free(pair);
}

TEST_F(HttpServer, SpeaksTlsWhereItHasACertificate) {
  const kit::TemporaryFolder folder;
  ServerOptions options;
  options.certificate = (folder / "cert.pem").string();
  options.key = (folder / "key.pem").string();
  write_certificate(options.certificate, options.key);
  open(options);
  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.load_verify_file(options.certificate);
  asio::ssl::stream<tcp::socket> stream(connect(), tls);
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.handshake(asio::ssl::stream_base::client);
  for (int i = 0; i < 2; ++i) {
    asio::write(stream, asio::buffer(post_text(kFigure)));
    beast::flat_buffer buffer;
    Answer answer;
    http::read(stream, buffer, answer);
    EXPECT_EQ(answer.result_int(), 200U);
  }
  tcp::socket plain = connect();
  asio::write(plain, asio::buffer(std::string("GET / HTTP/1.1\r\nHost: a\r\n\r\n")));
  EXPECT_TRUE(closes(plain, milliseconds(5000))) << "what is no TLS is not answered";
  EXPECT_TRUE(server_->drain(milliseconds(0), milliseconds(10'000)));
}

TEST_F(HttpServer, CertificatesThatAreNoneAreNamed) {
  const kit::TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "a.pem", std::string_view("no certificate")).ok());
  open();
  ServerOptions options;
  options.port = 0;
  options.certificate = (folder / "a.pem").string();
  EXPECT_FALSE(Server::open(*service_, metrics_, options).ok());
  options.key = options.certificate;
  const auto refused = Server::open(*service_, metrics_, options);
  ASSERT_FALSE(refused.ok());
  EXPECT_TRUE(refused.error().message.starts_with(options.certificate)) << refused.error().message;
  options = {};
  options.port = server_->port();
  EXPECT_FALSE(Server::open(*service_, metrics_, options).ok()) << "taken";
  options.address = "nowhere";
  EXPECT_FALSE(Server::open(*service_, metrics_, options).ok());
}

}  // namespace
}  // namespace poise
