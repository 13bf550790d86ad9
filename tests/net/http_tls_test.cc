#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "rexbert/net/http.h"
#include "support/command.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::net {
namespace {

using test::error_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

// OpenSSL's test server, with the self-signed certificate <folder>/certificate.pem of localhost.
class TlsServer {
 public:
  explicit TlsServer(const std::filesystem::path& folder) {
    const std::string files =
        "-cert " + (folder / "certificate.pem").string() + " -key " + (folder / "key.pem").string();
    output_ =
        ::popen(("echo $$; exec openssl s_server -accept 127.0.0.1:0 -www " + files).c_str(), "r");
    char line[256];
    if (std::fgets(line, sizeof(line), output_) != nullptr) process_ = std::atoi(line);
    while (port_.empty() && std::fgets(line, sizeof(line), output_) != nullptr) {
      const std::string text = line;
      if (text.starts_with("ACCEPT")) port_ = text.substr(text.rfind(':') + 1);
    }
    if (!port_.empty()) port_.pop_back();  // the line end
  }
  ~TlsServer() {
    ::kill(process_, SIGKILL);
    ::pclose(output_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url() const { return "https://localhost:" + port_ + "/"; }

 private:
  FILE* output_ = nullptr;
  pid_t process_ = 0;
  std::string port_;
};

TEST(HttpTls, TrustsOnlyCertificatesThatItKnows) {
  const test::TemporaryDirectory folder;
  const test::CommandResult made =
      test::run_command({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout",
                         "key.pem", "-out", "certificate.pem", "-days", "2", "-subj",
                         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"},
                        folder.path());
  if (made.exit_code != 0) GTEST_SKIP() << "no openssl command that makes certificates";
  const TlsServer server(folder.path());
  Client stranger({.max_attempts = 1});
  EXPECT_THAT(error_of([&] { stranger.send({.url = server.url()}); }),
              AllOf(HasSubstr("certificate"), HasSubstr("CURL_CA_BUNDLE names the file"),
                    HasSubstr("attempt 1 of 1")));
  Client friendly({.max_attempts = 1, .ca_file = (folder / "certificate.pem").string()});
  EXPECT_EQ(friendly.send({.url = server.url()}).status, 200);
  ::setenv("CURL_CA_BUNDLE", (folder / "certificate.pem").string().c_str(), 1);
  EXPECT_EQ(stranger.send({.url = server.url()}).status, 200);
  ::setenv("CURL_CA_BUNDLE", (folder / "none.pem").string().c_str(), 1);
  EXPECT_THAT(error_of([&] { stranger.send({.url = server.url()}); }),
              HasSubstr("expected a file of PEM certificates (CURL_CA_BUNDLE"));
  ::unsetenv("CURL_CA_BUNDLE");
}

}  // namespace
}  // namespace rexbert::net
