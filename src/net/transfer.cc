#include "net/transfer.h"

#include <curl/curl.h>

#include <array>
#include <exception>
#include <utility>

#include "rexbert/core/broken_pipes.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"
#include "rexbert/net/aws.h"

namespace rexbert::net {
namespace {

// An error's body is for a message; no sink takes it, and nobody needs all of it.
constexpr uint64_t kMaxErrorBody = uint64_t{1} << 20;

const char* method_name(Method method) {
  constexpr std::array<const char*, 5> kNames = {"GET", "HEAD", "PUT", "POST", "DELETE"};
  return kNames[static_cast<size_t>(method)];
}

bool is_transient(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

void start_libcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  ignore_broken_pipes();  // CURLOPT_NOSIGNAL leaves them to us, and OpenSSL writes without a flag
  if (code != CURLE_OK) {
    throw Error(ErrorCode::kInternal, str_cat("libcurl: ", curl_easy_strerror(code)));
  }
}

// Collects what comes back. Nothing may be thrown through libcurl: an exception waits in failure_.
class Receiver {
 public:
  Receiver(CURL* curl, const Request& request, const Options& options)
      : curl_(curl), request_(request), options_(options) {}

  static size_t on_header(char* data, size_t, size_t size, void* receiver) {
    return static_cast<Receiver*>(receiver)->guard(
        size, [&](Receiver& self) { self.take_header({data, size}); });
  }

  static size_t on_body(char* data, size_t, size_t size, void* receiver) {
    return static_cast<Receiver*>(receiver)->guard(
        size, [&](Receiver& self) { self.take_body({data, size}); });
  }

  // Other than 0 ends the transfer.
  static int on_progress(void* receiver, curl_off_t, curl_off_t received, curl_off_t, curl_off_t) {
    const size_t good = static_cast<Receiver*>(receiver)->guard(
        1, [&](Receiver& self) { self.request_.on_progress(static_cast<uint64_t>(received)); });
    return good == 1 ? 0 : 1;
  }

  Response finish(CURLcode code) {
    if (failure_) std::rethrow_exception(failure_);
    if (code == CURLE_OK && !begun_) begin();
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status_);
    response_.status = static_cast<int>(status_);
    return std::move(response_);
  }

 private:
  template <class Body>
  size_t guard(size_t size, Body&& body) {
    try {
      body(*this);
      return size;
    } catch (...) {
      failure_ = std::current_exception();
      return 0;
    }
  }

  void take_header(std::string_view line) {
    if (line.starts_with("HTTP/")) response_.headers.clear();  // after a redirect
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    response_.headers.push_back(
        {std::string(line.substr(0, colon)), std::string(str_trim(line.substr(colon + 1)))});
  }

  void take_body(std::string_view data) {
    if (!begun_) begin();
    if (to_sink_) return request_.sink->write(data);
    if (!successful()) {
      data = data.substr(0, kMaxErrorBody - response_.body.size());
    } else if (response_.body.size() + data.size() > options_.max_body_bytes) {
      throw Error(ErrorCode::kIo, str_cat(describe(request_), ": expected a body of at most ",
                                          options_.max_body_bytes, " bytes, got more"));
    }
    response_.body += data;
  }

  void begin() {
    begun_ = true;
    curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status_);
    if (!successful()) return;
    if (request_.range) check_range();
    to_sink_ = request_.sink != nullptr;
    if (to_sink_) request_.sink->begin();
  }

  // A server may answer with the whole resource, or with another part of it.
  void check_range() const {
    const std::string_view range = response_.header("Content-Range");
    const std::string expected = str_cat("bytes ", request_.range->offset, "-");
    if (status_ == 206 && range.starts_with(expected)) return;
    throw Error(ErrorCode::kIo, str_cat(describe(request_), ": expected status 206 and ", expected,
                                        ", got status ", status_, " and Content-Range ",
                                        str_quote(range), ": the server serves no byte ranges"));
  }

  bool successful() const { return status_ >= 200 && status_ < 300; }

  CURL* curl_;
  const Request& request_;
  const Options& options_;
  Response response_;
  long status_ = 0;
  bool begun_ = false;
  bool to_sink_ = false;
  std::exception_ptr failure_;
};

// libcurl's list of header lines.
class HeaderList {
 public:
  explicit HeaderList(const Request& request) {
    // Without this, libcurl would call every body a form.
    const bool has_body = request.method == Method::kPut || request.method == Method::kPost;
    if (has_body && !has(request, "Content-Type")) append("Content-Type:");
    for (const Header& header : request.headers) {
      constexpr std::string_view kBreaks("\r\n\0", 3);
      if (header.name.find_first_of(kBreaks) != std::string::npos ||
          header.value.find_first_of(kBreaks) != std::string::npos) {
        throw Error(ErrorCode::kUsage,
                    str_cat(describe(request), ": header ", str_quote(header.name),
                            ": expected no line break and no NUL, got one"));
      }
      append(header.name + (header.value.empty() ? ":" : ": " + header.value));
    }
  }
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;

  curl_slist* get() const { return list_; }

 private:
  static bool has(const Request& request, std::string_view name) {
    const Response same{.headers = request.headers};
    return !same.header(name).empty();
  }

  void append(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }

  curl_slist* list_ = nullptr;
};

template <class Value>
void set(CURL* curl, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(curl, option, value);
  if (code != CURLE_OK) {
    throw Error(ErrorCode::kInternal,
                str_cat("libcurl: option ", option, ": ", curl_easy_strerror(code)));
  }
}

void set_limits(CURL* curl, const Options& options) {
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
  set(curl, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(options.low_speed_bytes_per_second));
  set(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.low_speed_time.count()));
  set(curl, CURLOPT_FOLLOWLOCATION, options.max_redirects > 0 ? 1L : 0L);
  set(curl, CURLOPT_MAXREDIRS, static_cast<long>(options.max_redirects));
  set(curl, CURLOPT_POSTREDIR, static_cast<long>(CURL_REDIR_POST_ALL));
}

// libcurl itself reads none of these variables; its command does.
void set_trust(CURL* curl, const Options& options) {
  const Environment variable = process_environment();
  std::string file = options.ca_file;
  if (file.empty()) file = variable("CURL_CA_BUNDLE");
  if (file.empty()) file = variable("SSL_CERT_FILE");
  if (!file.empty()) {
    set(curl, CURLOPT_CAINFO, file.c_str());
  } else if (const std::string folder = variable("SSL_CERT_DIR"); !folder.empty()) {
    set(curl, CURLOPT_CAPATH, folder.c_str());
  }
}

void set_signature(CURL* curl, const AwsSignature& signature) {
  set(curl, CURLOPT_AWS_SIGV4, str_cat("aws:amz:", signature.region, ":s3").c_str());
  set(curl, CURLOPT_USERNAME, signature.access_key.c_str());
  set(curl, CURLOPT_PASSWORD, signature.secret_key.c_str());
  set(curl, CURLOPT_FOLLOWLOCATION, 0L);
}

void set_netrc(CURL* curl, const std::string& file) {
  set(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_OPTIONAL));
  set(curl, CURLOPT_NETRC_FILE, file.c_str());
}

// What a user can do about it; empty where there is nothing to say.
std::string_view advice(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return ": where the server has a certificate of one's own, CURL_CA_BUNDLE names the file of "
             "PEM certificates to trust";
    case CURLE_SSL_CACERT_BADFILE:
      return ": expected a file of PEM certificates (CURL_CA_BUNDLE, AWS_CA_BUNDLE, "
             "SSL_CERT_FILE)";
    default:
      return "";
  }
}

void set_method(CURL* curl, const Request& request) {
  set(curl, CURLOPT_URL, request.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_REDIR_PROTOCOLS_STR,
      request.url.starts_with("https:") ? "https" : "http,https");
  set(curl, CURLOPT_USERAGENT, str_cat("rexbert/", kVersion).c_str());
  if (request.method == Method::kHead) set(curl, CURLOPT_NOBODY, 1L);
  if (request.method == Method::kPut || request.method == Method::kPost) {
    set(curl, CURLOPT_POST, 1L);
    set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(curl, CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
  }
  if (request.method == Method::kPut || request.method == Method::kDelete) {
    set(curl, CURLOPT_CUSTOMREQUEST, method_name(request.method));
  }
  if (request.range) {
    const ByteRange& range = *request.range;
    set(curl, CURLOPT_RANGE, str_cat(range.offset, "-", range.offset + range.length - 1).c_str());
  }
}

}  // namespace

class Connections::Handle {
 public:
  Handle() : curl_(curl_easy_init()) {
    if (curl_ == nullptr) throw Error(ErrorCode::kInternal, "libcurl: no handle");
  }
  ~Handle() { curl_easy_cleanup(curl_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  Outcome transfer(const Request& request, const Options& options) {
    curl_easy_reset(curl_);  // keeps the connections
    std::array<char, CURL_ERROR_SIZE> problem{};
    const HeaderList headers(request);
    Receiver receiver(curl_, request, options);
    set_limits(curl_, options);
    set_trust(curl_, options);
    if (request.signature) set_signature(curl_, *request.signature);
    if (!request.netrc.empty()) set_netrc(curl_, request.netrc);
    set_method(curl_, request);
    set(curl_, CURLOPT_HTTPHEADER, headers.get());
    set(curl_, CURLOPT_ERRORBUFFER, problem.data());
    set(curl_, CURLOPT_HEADERFUNCTION, &Receiver::on_header);
    set(curl_, CURLOPT_HEADERDATA, static_cast<void*>(&receiver));
    set(curl_, CURLOPT_WRITEFUNCTION, &Receiver::on_body);
    set(curl_, CURLOPT_WRITEDATA, static_cast<void*>(&receiver));
    if (request.on_progress) {
      set(curl_, CURLOPT_NOPROGRESS, 0L);
      set(curl_, CURLOPT_XFERINFOFUNCTION, &Receiver::on_progress);
      set(curl_, CURLOPT_XFERINFODATA, static_cast<void*>(&receiver));
    }
    const CURLcode code = curl_easy_perform(curl_);
    Outcome outcome{.response = receiver.finish(code)};
    if (code == CURLE_OK) return outcome;
    long sent = 0;
    curl_easy_getinfo(curl_, CURLINFO_REQUEST_SIZE, &sent);
    outcome.reached = sent > 0;
    outcome.transient = is_transient(code);
    outcome.problem =
        str_cat(problem[0] != '\0' ? problem.data() : curl_easy_strerror(code), advice(code));
    return outcome;
  }

 private:
  CURL* curl_;
};

// A handle out of the pool; back at the end.
class Connections::Lease {
 public:
  explicit Lease(Connections& pool) : pool_(pool) {
    const std::scoped_lock lock(pool_.mutex_);
    if (pool_.idle_.empty()) {
      handle_ = std::make_unique<Handle>();
    } else {
      handle_ = std::move(pool_.idle_.back());
      pool_.idle_.pop_back();
    }
  }
  ~Lease() {
    const std::scoped_lock lock(pool_.mutex_);
    pool_.idle_.push_back(std::move(handle_));
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  Handle& operator*() { return *handle_; }

 private:
  Connections& pool_;
  std::unique_ptr<Handle> handle_;
};

Connections::Connections() { start_libcurl(); }
Connections::~Connections() = default;

Outcome Connections::transfer(const Request& request, const Options& options) {
  Lease handle(*this);
  return (*handle).transfer(request, options);
}

}  // namespace rexbert::net
