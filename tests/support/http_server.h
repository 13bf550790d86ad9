#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rexbert::test {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpMessage {
  std::string method;
  std::string target;  // "/path?query"
  HttpHeaders headers;
  std::string body;

  // Empty where there is no such header; `name` in lower case.
  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

struct HttpReply {
  int status = 200;
  HttpHeaders headers = {};
  std::string body = {};
  // The connection is closed after so many bytes of the body, though all are announced.
  std::optional<size_t> cut = {};
  // The body is sent in pieces of 64 KiB, and this is called before each with what was sent.
  std::function<void(size_t)> before_piece = {};
};

// An HTTP/1.1 server on the loopback interface that answers what the test says. Connections are
// kept alive; each has a thread, in which the handler is called.
class HttpServer {
 public:
  using Handler = std::function<HttpReply(const HttpMessage&)>;

  // Takes connections from now on; they are served once start() was called.
  HttpServer() { listen(); }
  explicit HttpServer(Handler handler) : HttpServer() { start(std::move(handler)); }
  ~HttpServer() { stop(); }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  void start(Handler handler) {
    handler_ = std::move(handler);
    acceptor_ = std::thread([this] { accept_all(); });
  }

  // Closes all connections and refuses new ones.
  void stop() {
    if (listener_ < 0) return;
    ::shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    {
      const std::scoped_lock lock(mutex_);
      for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    for (const int connection : connections_) ::close(connection);
    threads_.clear();
    connections_.clear();
    ::close(listener_);
    listener_ = -1;
  }

  // After stop(), the same again at the same port.
  void restart() {
    listen();
    start(std::move(handler_));
  }

  std::string url(std::string_view path = "") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }

  size_t connections() const {
    const std::scoped_lock lock(mutex_);
    return connections_.size();
  }

 private:
  void listen() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int reuse = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port_));
    socklen_t size = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 128) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no socket on the loopback interface");
    }
    port_ = ntohs(address.sin_port);
  }

  void accept_all() {
    while (true) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) return;
      const std::scoped_lock lock(mutex_);
      connections_.push_back(connection);
      threads_.emplace_back([this, connection] {
        std::string buffer;
        while (serve_one(connection, buffer)) {
        }
        ::shutdown(connection, SHUT_RDWR);
      });
    }
  }

  // False when the connection is at its end.
  bool serve_one(int connection, std::string& buffer) {
    size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
      const bool tls = buffer.starts_with('\x16');
      if (tls || !receive(connection, buffer)) return false;
    }
    HttpMessage message = parse(buffer.substr(0, end));
    buffer.erase(0, end + 4);
    const std::string length = message.header("content-length");
    const size_t size = length.empty() ? 0 : std::stoul(length);
    if (message.header("expect") == "100-continue" &&
        !transmit(connection, "HTTP/1.1 100 Continue\r\n\r\n")) {
      return false;
    }
    while (buffer.size() < size) {
      if (!receive(connection, buffer)) return false;
    }
    message.body = buffer.substr(0, size);
    buffer.erase(0, size);
    return answer(connection, message);
  }

  bool answer(int connection, const HttpMessage& message) {
    const HttpReply reply = handler_(message);
    std::string text = "HTTP/1.1 " + std::to_string(reply.status) + " Status\r\n";
    for (const auto& [name, value] : reply.headers) text += name + ": " + value + "\r\n";
    text += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
    const bool in_pieces = message.method != "HEAD" && reply.before_piece;
    if (message.method != "HEAD" && !in_pieces) {
      text += reply.body.substr(0, reply.cut.value_or(reply.body.size()));
    }
    if (!transmit(connection, text)) return false;
    for (size_t sent = 0; in_pieces && sent < reply.body.size(); sent += kPiece) {
      reply.before_piece(sent);
      if (!transmit(connection, std::string_view(reply.body).substr(sent, kPiece))) return false;
    }
    return !reply.cut;
  }

  static HttpMessage parse(std::string_view head) {
    HttpMessage message;
    const std::string_view first = head.substr(0, head.find("\r\n"));
    message.method = first.substr(0, first.find(' '));
    const std::string_view rest = first.substr(first.find(' ') + 1);
    message.target = rest.substr(0, rest.find(' '));
    for (size_t at = first.size(); at < head.size();) {
      at += 2;
      const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
      at += line.size();
      const size_t colon = line.find(": ");
      if (colon == std::string_view::npos) continue;
      std::string name(line.substr(0, colon));
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      message.headers.emplace_back(std::move(name), line.substr(colon + 2));
    }
    return message;
  }

  static bool receive(int connection, std::string& buffer) {
    char part[1 << 14];
    const ssize_t size = ::recv(connection, part, sizeof(part), 0);
    if (size <= 0) return false;
    buffer.append(part, static_cast<size_t>(size));
    return true;
  }

  static bool transmit(int connection, std::string_view data) {
    while (!data.empty()) {
      const ssize_t sent = ::send(connection, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      data.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  static constexpr size_t kPiece = 1 << 16;

  int listener_ = -1;
  int port_ = 0;
  Handler handler_;
  std::thread acceptor_;
  mutable std::mutex mutex_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
};

}  // namespace rexbert::test
