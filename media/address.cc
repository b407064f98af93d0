#include "media/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/limits.h"
#include "common/str_cat.h"

namespace atrium::media {
namespace {

std::optional<uint32_t> ParseV4(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

bool MaySendToV4(uint32_t a, const AddressPolicy& policy) {
  const uint32_t first = a >> 24;
  if (first == 0 || first >= 224) return false;  // Unspecified, multicast, reserved, broadcast.
  if (first == 127) return policy.loopback;
  return (a >> 16) != 0xa9fe;  // 169.254/16
}

uint32_t V4At(const in6_addr& a, int byte) {
  uint32_t v4;
  std::memcpy(&v4, a.s6_addr + byte, sizeof v4);
  return ntohl(v4);
}

// An IPv4 address in IPv6 clothes: mapped, compatible, NAT64 or 6to4.
std::optional<uint32_t> EmbeddedV4(const in6_addr& a) {
  static constexpr uint8_t kNat64[12] = {0, 0x64, 0xff, 0x9b};
  if (IN6_IS_ADDR_V4MAPPED(&a) || IN6_IS_ADDR_V4COMPAT(&a)) return V4At(a, 12);
  if (std::memcmp(a.s6_addr, kNat64, sizeof kNat64) == 0) return V4At(a, 12);
  if (a.s6_addr[0] == 0x20 && a.s6_addr[1] == 0x02) return V4At(a, 2);
  return std::nullopt;
}

bool IsToken(std::string_view text, size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '+' || c == '/' || c == '-';
  });
}

}  // namespace

bool IsAddress(std::string_view text) {
  in6_addr v6{};
  return ParseV4(text) || inet_pton(AF_INET6, std::string(text).c_str(), &v6) == 1;
}

bool IsLoopback(std::string_view text) {
  if (const auto v4 = ParseV4(text)) return (*v4 >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, std::string(text).c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool MaySendTo(std::string_view text, const AddressPolicy& policy) {
  if (const auto v4 = ParseV4(text)) return MaySendToV4(*v4, policy);
  in6_addr v6{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_UNSPECIFIED(&v6) || IN6_IS_ADDR_MULTICAST(&v6)) return false;
  if (IN6_IS_ADDR_LINKLOCAL(&v6) || IN6_IS_ADDR_SITELOCAL(&v6)) return false;
  if (IN6_IS_ADDR_LOOPBACK(&v6)) return policy.loopback;
  if (const auto v4 = EmbeddedV4(v6)) return MaySendToV4(*v4, policy);
  return true;
}

std::string CleanCandidate(std::string_view text, const AddressPolicy& policy) {
  if (text.size() > limits::kCandidateBytes) return "";
  if (text.starts_with("candidate:")) text.remove_prefix(10);
  const std::vector<std::string> part = absl::StrSplit(ToAbsl(text), ' ', absl::SkipEmpty());
  // foundation component transport priority address port "typ" type ...
  if (part.size() < 8 || part[6] != "typ" || part[1] != "1") return "";
  if (!absl::EqualsIgnoreCase(part[2], "udp")) return "";
  uint32_t priority = 0;
  int port = 0;
  if (!absl::SimpleAtoi(part[3], &priority) || !absl::SimpleAtoi(part[5], &port)) return "";
  if (port < 1 || port > 65535 || !IsToken(part[0], 32) || !MaySendTo(part[4], policy)) return "";
  const std::string& type = part[7];
  if (type != "host" && type != "srflx" && type != "prflx" && type != "relay") return "";
  const char* related = type == "host" ? "" : " raddr 0.0.0.0 rport 0";
  return StrCat("candidate:", part[0], " 1 udp ", priority, " ", part[4], " ", port, " typ ", type,
                related);
}

std::vector<std::string> LocalAddresses(const std::vector<std::string>& extra) {
  std::vector<std::string> addresses = extra;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || (i->ifa_flags & IFF_UP) == 0) continue;
    char text[INET6_ADDRSTRLEN] = "";
    if (i->ifa_addr->sa_family == AF_INET) {
      inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(i->ifa_addr)->sin_addr, text, sizeof text);
    } else if (i->ifa_addr->sa_family == AF_INET6) {
      inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6*>(i->ifa_addr)->sin6_addr, text,
                sizeof text);
    }
    const bool known = std::find(addresses.begin(), addresses.end(), text) != addresses.end();
    if (!known && MaySendTo(text, {.loopback = false})) addresses.push_back(text);
  }
  freeifaddrs(list);
  return addresses;
}

std::vector<std::string> AddressesFor(const std::vector<std::string>& candidates,
                                      std::vector<std::string> addresses) {
  const bool local = std::any_of(candidates.begin(), candidates.end(), [](const auto& candidate) {
    const std::vector<std::string> part = absl::StrSplit(candidate, ' ');
    return part.size() > 4 && IsLoopback(part[4]);
  });
  const auto loopback = std::stable_partition(
      addresses.begin(), addresses.end(), [](const auto& address) { return !IsLoopback(address); });
  if (!candidates.empty() && !local && loopback != addresses.begin()) addresses.erase(loopback, addresses.end());
  return addresses;
}

}  // namespace atrium::media
