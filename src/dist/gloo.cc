#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "dist/c10d_group.h"
#include "rexbert/core/strings.h"

namespace rexbert::dist {
namespace {

// The address of this machine from which `host` is reached, or nothing. Names of this machine are
// no way to find it: Debian gives them to 127.0.1.1.
std::string local_address_towards(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;  // connecting such a socket sends nothing
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return "";
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  std::string address;
  for (const addrinfo* entry = found; entry != nullptr && address.empty(); entry = entry->ai_next) {
    const int probe = socket(entry->ai_family, entry->ai_socktype | SOCK_CLOEXEC, 0);
    if (probe < 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    char text[NI_MAXHOST];
    if (::connect(probe, entry->ai_addr, entry->ai_addrlen) == 0 &&
        getsockname(probe, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) == 0) {
      address = text;
    }
    close(probe);
  }
  return address;
}

// The first address of this machine that others may reach, or nothing: for the machine of the
// meeting place, which finds itself by its loopback.
std::string outward_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return "";
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> interfaces(list, &freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const bool usable = entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET &&
                        (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0;
    char text[NI_MAXHOST];
    if (usable && getnameinfo(entry->ifa_addr, sizeof(sockaddr_in), text, sizeof(text), nullptr, 0,
                              NI_NUMERICHOST) == 0) {
      return text;
    }
  }
  return "";
}

std::shared_ptr<gloo::transport::Device> open_device(const Launch& launch,
                                                     const GroupOptions& options) {
  using c10d::ProcessGroupGloo;
  std::string interface = options.interface;
  if (const char* said = std::getenv("GLOO_SOCKET_IFNAME"); interface.empty() && said != nullptr) {
    interface = said;
  }
  if (!interface.empty()) return ProcessGroupGloo::createDeviceForInterface(interface);
  std::string address =
      launch.address.empty() ? "127.0.0.1" : local_address_towards(launch.address, launch.port);
  const bool loopback = address.starts_with("127.") || address == "::1";
  if (loopback && launch.local_world_size < launch.world_size) address = outward_address();
  return address.empty() ? ProcessGroupGloo::createDefaultDevice()
                         : ProcessGroupGloo::createDeviceForHostname(address);
}

}  // namespace

GroupPtr make_gloo(const StorePtr& store, const Launch& launch, const GroupOptions& options) {
  const auto gloo_options = c10d::ProcessGroupGloo::Options::create(options.timeout);
  gloo_options->devices = {open_device(launch, options)};
  const auto backend = c10::make_intrusive<c10d::ProcessGroupGloo>(store, launch.rank,
                                                                   launch.world_size, gloo_options);
  const auto group = c10::make_intrusive<c10d::ProcessGroup>(store, launch.rank, launch.world_size);
  group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
  group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO,
                    c10::intrusive_ptr<c10d::Backend>(backend));
  return group;
}

}  // namespace rexbert::dist
