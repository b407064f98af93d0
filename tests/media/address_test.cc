#include "media/address.h"

#include <gtest/gtest.h>

#include "common/str_cat.h"

namespace atrium::media {
namespace {

TEST(AddressTest, S17_NothingIsSentToForbiddenAddresses) {
  for (const char* address : {"0.0.0.0",
                              "0.1.2.3",
                              "169.254.169.254",
                              "169.254.0.1",
                              "224.0.0.1",
                              "239.255.255.255",
                              "255.255.255.255",
                              "240.0.0.1",
                              "::",
                              "fe80::1",
                              "fec0::1",
                              "ff02::1",
                              "::ffff:169.254.169.254",
                              "::ffff:0.0.0.0",
                              "64:ff9b::a9fe:a9fe",
                              "2002:a9fe:a9fe::1",
                              "::169.254.169.254",
                              "printer.local",
                              "6a1b.local",
                              "example.com",
                              "",
                              "1.2.3",
                              "0x7f.1",
                              "2130706433",
                              "127.1",
                              "fe80::1%eth0",
                              "10.0.0.1 "}) {
    EXPECT_FALSE(MaySendTo(address, {.loopback = true})) << address;
  }
}
TEST(AddressTest, S17_LoopbackOnlyIfItIsOneOfOurs) {
  for (const char* address :
       {"127.0.0.1", "127.255.1.1", "::1", "::ffff:127.0.0.1", "2002:7f00:1::"}) {
    EXPECT_FALSE(MaySendTo(address, {.loopback = false})) << address;
    EXPECT_TRUE(MaySendTo(address, {.loopback = true})) << address;
  }
}
TEST(AddressTest, OrdinaryAddressesAreSentTo) {
  for (const char* address : {"10.0.0.1", "192.168.1.5", "203.0.113.9", "2001:db8::1", "fd00::2"}) {
    EXPECT_TRUE(MaySendTo(address, {})) << address;
  }
}
TEST(AddressTest, S17_OnlyPlainUdpCandidatesAreTaken) {
  const auto clean = [](std::string_view text) { return CleanCandidate(text, {}); };
  EXPECT_EQ(clean("candidate:1 1 udp 2122260223 10.0.0.7 50000 typ host generation 0 ufrag abcd"),
            "candidate:1 1 udp 2122260223 10.0.0.7 50000 typ host");
  EXPECT_EQ(clean("842 1 UDP 1677 203.0.113.4 6000 typ srflx raddr 10.0.0.7 rport 50000"),
            "candidate:842 1 udp 1677 203.0.113.4 6000 typ srflx raddr 0.0.0.0 rport 0");
  for (const char* bad :
       {"candidate:1 1 tcp 1 10.0.0.7 9 typ host tcptype active",
        "candidate:1 2 udp 1 10.0.0.7 9 typ host",
        "candidate:1 1 udp 1 169.254.169.254 80 typ host",
        "candidate:1 1 udp 1 1f2e.local 9 typ host", "candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "candidate:1 1 udp 1 10.0.0.7 0 typ host", "candidate:1 1 udp 1 10.0.0.7 70000 typ host",
        "candidate:1 1 udp -1 10.0.0.7 9 typ host", "candidate:1 1 udp 1 10.0.0.7 9 typ evil",
        "candidate:1\r\nm=x 1 udp 1 10.0.0.7 9 typ host", "candidate:", "",
        "1 1 udp 1 10.0.0.7 9 host host"}) {
    EXPECT_EQ(clean(bad), "") << bad;
  }
  EXPECT_EQ(clean(StrCat("1 1 udp 1 10.0.0.7 9 typ host ", std::string(600, 'x'))), "");
}
TEST(AddressTest, OurOwnAddressesAreTheExtraOnesFirstAndNoneTwice) {
  const auto addresses = LocalAddresses({"127.0.0.1"});
  ASSERT_FALSE(addresses.empty());
  EXPECT_EQ(addresses[0], "127.0.0.1");
  EXPECT_EQ(LocalAddresses(addresses), addresses);
}
TEST(AddressTest, LoopbackIsForWhoeverHasItOrIfThereIsNothingElse) {
  using Strings = std::vector<std::string>;
  const Strings all = {"127.0.0.1", "10.0.0.7", "::1"}, others = {"10.0.0.7"};
  const std::string far = "candidate:1 1 udp 1 10.0.0.8 9 typ host";
  const std::string near = "candidate:1 1 udp 1 127.0.0.1 9 typ host";
  EXPECT_EQ(AddressesFor({}, all), (Strings{"10.0.0.7", "127.0.0.1", "::1"})) << "not yet known";
  EXPECT_EQ(AddressesFor({far, "", "candidate"}, all), others);
  EXPECT_EQ(AddressesFor({far, near}, all), (Strings{"10.0.0.7", "127.0.0.1", "::1"}));
  EXPECT_EQ(AddressesFor({far}, {"127.0.0.1"}), Strings{"127.0.0.1"});
  EXPECT_EQ(AddressesFor({}, {}), Strings{});
}

}  // namespace
}  // namespace atrium::media
