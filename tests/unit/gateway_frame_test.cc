// S5, R27: WebSocket frames after RFC 6455, section by section.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/errors.h"
#include "gateway/ws/frame.h"
#include "gateway/ws/handshake.h"
#include "gateway/ws/utf8.h"
#include "tests/support/ws_frames.h"

namespace atrium::gateway {
namespace {

using std::string_literals::operator""s;
using ws::FrameReader;
using ws::Message;
using ws::Opcode;

struct ReadOut {
  std::vector<Message> messages;
  std::optional<ws::Violation> violation;
  size_t taken = 0;  // Bytes until the violation, if each came alone.
};
ReadOut ReadAll(const std::string& bytes, size_t step = 1 << 20, size_t max = 1 << 20) {
  FrameReader reader(max);
  ReadOut read;
  for (size_t at = 0; at < bytes.size() && !read.violation; at += step) {
    std::string_view piece = std::string_view(bytes).substr(at, step);
    read.violation = reader.Feed(&piece, [&](Message message) {
      read.messages.push_back(std::move(message));
      return true;
    });
    read.taken = at + step;
  }
  return read;
}

TEST(FrameReaderTest, ReadsMessagesHoweverTheBytesAreSplit) {
  std::mt19937 random(3);
  std::string bytes;
  std::vector<std::string> sent;
  for (size_t size : {0, 1, 125, 126, 127, 65535, 65536, 70000}) {
    std::string payload(size, 'x');
    for (char& c : payload) c = static_cast<char>('a' + random() % 26);
    sent.push_back(payload);
    bytes += Frame(0x82, payload);
  }
  for (size_t step : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{4096}, bytes.size()}) {
    const ReadOut read = ReadAll(bytes, step);
    ASSERT_FALSE(read.violation) << step;
    ASSERT_EQ(read.messages.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) EXPECT_TRUE(read.messages[i].payload == sent[i]);
  }
}

// What is right.

struct Good {
  const char* what;
  std::string bytes;
  std::string payloads;  // Of all messages, each behind its opcode's digit.
};
class FrameGoodTest : public testing::TestWithParam<Good> {};
TEST_P(FrameGoodTest, S5IsReadWhetherItComesAtOnceOrByteByByte) {
  for (size_t step : {size_t{1}, size_t{1 << 20}}) {
    const ReadOut read = ReadAll(GetParam().bytes, step);
    ASSERT_FALSE(read.violation) << GetParam().what << ": " << read.violation->reason;
    std::string payloads;
    for (const Message& message : read.messages) {
      payloads += std::to_string(static_cast<int>(message.opcode)) + message.payload + ";";
    }
    EXPECT_EQ(payloads, GetParam().payloads) << GetParam().what;
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, FrameGoodTest,
    testing::Values(
        Good{"5.2: an empty text", Frame(0x81, ""), "1;"},
        Good{"5.2: an empty binary", Frame(0x82, ""), "2;"},
        Good{"5.4: fragments", Frame(0x01, "a") + Frame(0x00, "b") + Frame(0x80, "c"), "1abc;"},
        Good{"5.4: empty fragments", Frame(0x02, "") + Frame(0x00, "") + Frame(0x80, ""), "2;"},
        Good{"5.4: control frames between fragments",
             Frame(0x01, "hel") + Frame(0x89, "p") + Frame(0x00, "l") + Frame(0x8a, "q") + Frame(0x80, "o"),
             "9p;10q;1hello;"},
        Good{"5.5: a control frame of 125 bytes", Frame(0x89, std::string(125, 'x')),
             "9" + std::string(125, 'x') + ";"},
        Good{"5.5.3: a pong nobody asked for", Frame(0x8a, ""), "10;"},
        Good{"5.6: NUL is text", Frame(0x81, "\0enter\0"s), "1\0enter\0;"s},
        Good{"8.1: a character split over fragments",
             Frame(0x01, "\xf0\x9f") + Frame(0x89, "") + Frame(0x80, "\x98\x80"), "9;1\xf0\x9f\x98\x80;"},
        Good{"8.1: binary is not UTF-8", Frame(0x02, "\xff") + Frame(0x80, "\xc0"), "2\xff\xc0;"},
        Good{"8.1: noncharacters are characters", Frame(0x81, "\xef\xbf\xbe\xf4\x8f\xbf\xbf"),
             "1\xef\xbf\xbe\xf4\x8f\xbf\xbf;"},
        Good{"5.5.1: a close without a code", Frame(0x88, ""), "8;"},
        Good{"5.5.1: a close with a reason", Frame(0x88, "\x03\xe8" "bye"), "8bye;"}));

// What is wrong.

struct Bad {
  const char* what;
  std::string bytes;
  int code;
};
class FrameViolationTest : public testing::TestWithParam<Bad> {};
TEST_P(FrameViolationTest, S5IsClosedWithItsCode) {
  for (size_t step : {size_t{1}, size_t{1 << 20}}) {
    const ReadOut read = ReadAll(GetParam().bytes, step, 1000);
    ASSERT_TRUE(read.violation) << GetParam().what;
    EXPECT_EQ(read.violation->code, GetParam().code) << GetParam().what;
  }
}
INSTANTIATE_TEST_SUITE_P(
    All, FrameViolationTest,
    testing::Values(
        Bad{"5.1: text not masked", Frame(0x81, "x", false), 1002},
        Bad{"5.1: ping not masked", Frame(0x89, "", false), 1002},
        Bad{"5.1: close not masked", Frame(0x88, "", false), 1002},
        Bad{"5.2: RSV1", Frame(0xc1, "x"), 1002}, Bad{"5.2: RSV2", Frame(0xa1, "x"), 1002},
        Bad{"5.2: RSV3", Frame(0x91, "x"), 1002}, Bad{"5.2: RSV1 of a ping", Frame(0xc9, ""), 1002},
        Bad{"5.2: RSV1 of a continuation", Frame(0x01, "x") + Frame(0xc0, ""), 1002},
        Bad{"5.2: opcode 3", Frame(0x83, "x"), 1002}, Bad{"5.2: opcode 4", Frame(0x84, ""), 1002},
        Bad{"5.2: opcode 5", Frame(0x85, ""), 1002}, Bad{"5.2: opcode 6", Frame(0x86, ""), 1002},
        Bad{"5.2: opcode 7", Frame(0x87, ""), 1002}, Bad{"5.2: opcode 11", Frame(0x8b, "x"), 1002},
        Bad{"5.2: opcode 12", Frame(0x8c, ""), 1002}, Bad{"5.2: opcode 13", Frame(0x8d, ""), 1002},
        Bad{"5.2: opcode 14", Frame(0x8e, ""), 1002}, Bad{"5.2: opcode 15", Frame(0x8f, ""), 1002},
        // "The minimal number of bytes MUST be used to encode the length."
        Bad{"5.2: 125 in two bytes", Frame(0x82, std::string(125, 'x'), true, Length::kTwo), 1002},
        Bad{"5.2: 0 in two bytes", Frame(0x82, "", true, Length::kTwo), 1002},
        Bad{"5.2: 126 in eight bytes", Frame(0x82, std::string(126, 'x'), true, Length::kEight), 1002},
        Bad{"5.2: 65535 in eight bytes", "\x82\xff\0\0\0\0\0\0\xff\xff"s + "mask", 1002},
        Bad{"5.2: the top bit of eight bytes", "\x82\xff\x80\0\0\0\0\0\0\0"s + "mask", 1002},
        Bad{"5.2: all bits of eight bytes", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff"s + "mask", 1002},
        Bad{"5.2: 2^63 - 1 bytes", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff"s + "mask", 1009},
        Bad{"5.4: nothing to continue", Frame(0x80, "x"), 1002},
        Bad{"5.4: nothing to continue, unfinished", Frame(0x00, "x"), 1002},
        Bad{"5.4: continued after its end", Frame(0x01, "x") + Frame(0x80, "y") + Frame(0x80, "z"), 1002},
        Bad{"5.4: text inside a message", Frame(0x01, "x") + Frame(0x81, "y"), 1002},
        Bad{"5.4: binary inside a message", Frame(0x01, "x") + Frame(0x02, "y"), 1002},
        Bad{"5.5: a fragmented ping", Frame(0x09, "x"), 1002},
        Bad{"5.5: a fragmented close", Frame(0x08, ""), 1002},
        Bad{"5.5: a ping of 126 bytes", Frame(0x89, std::string(126, 'x')), 1002},
        Bad{"5.5: a close of 126 bytes", Frame(0x88, "\x03\xe8" + std::string(124, 'x')), 1002},
        Bad{"5.5: a ping with a long length", Frame(0x89, "", true, Length::kEight), 1002},
        Bad{"5.5.1: a close of one byte", Frame(0x88, "x"), 1002},
        Bad{"5.5.1: a reason that is not UTF-8", Frame(0x88, "\x03\xe8\xff"), 1007},
        Bad{"5.5.1: a reason that ends within a character", Frame(0x88, "\x03\xe8\xc3"), 1007},
        Bad{"8.1: a wrong second byte", Frame(0x81, "\xc3\x28"), 1007},
        Bad{"8.1: overlong", Frame(0x81, "\xc0\x80"), 1007},
        Bad{"8.1: overlong in three", Frame(0x81, "\xe0\x80\xaf"), 1007},
        Bad{"8.1: overlong in four", Frame(0x81, "\xf0\x80\x80\xaf"), 1007},
        Bad{"8.1: a surrogate", Frame(0x81, "\xed\xa0\x80"), 1007},
        Bad{"8.1: over U+10FFFF", Frame(0x81, "\xf4\x90\x80\x80"), 1007},
        Bad{"8.1: five bytes", Frame(0x81, "\xf8\x88\x80\x80\x80"), 1007},
        Bad{"8.1: a lone continuation", Frame(0x81, "\x80"), 1007},
        Bad{"8.1: ends within a character", Frame(0x81, "\xe2\x82"), 1007},
        Bad{"8.1: a character that the next message does not end",
            Frame(0x81, "\xc3") + Frame(0x81, "\xa9"), 1007},
        Bad{"too big", Frame(0x82, std::string(1001, 'x')), 1009},
        Bad{"too big in fragments", Frame(0x02, std::string(600, 'x')) + Frame(0x80, std::string(600, 'x')),
            1009},
        Bad{"too big in tiny fragments", [] {
              std::string bytes = Frame(0x02, "x");
              for (int i = 0; i < 1000; ++i) bytes += Frame(0x00, "x");
              return bytes;
            }(), 1009}));

// 8.1: "fail the connection" as soon as it is known, not at the message's end.
TEST(FrameReaderTest, S5TextIsRefusedAtItsFirstWrongByteOverFragments) {
  const std::string first = Frame(0x01, "good \xce"), second = Frame(0x00, "\xba bad \xff" "never read");
  const ReadOut read = ReadAll(first + second, 1);
  ASSERT_TRUE(read.violation);
  EXPECT_EQ(read.violation->code, 1007);
  EXPECT_EQ(read.taken, first.size() + second.size() - 10);
}

// 7.4: the codes, each.
TEST(FrameReaderTest, S5CloseCodesAreTakenAsSection74HasThem) {
  for (int code = 0; code <= 0xffff; ++code) {
    const bool valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                       (code >= 3000 && code <= 4999);
    EXPECT_EQ(ws::IsValidCloseCode(static_cast<uint16_t>(code)), valid) << code;
  }
  for (int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    const std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code)};
    const ReadOut read = ReadAll(Frame(0x88, payload));
    ASSERT_TRUE(read.violation) << code;
    EXPECT_EQ(read.violation->code, 1002);
  }
  for (int code : {1000, 1001, 1002, 1003, 1007, 1011, 3000, 3999, 4000, 4999}) {
    const std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code)};
    const ReadOut read = ReadAll(Frame(0x88, payload));
    ASSERT_FALSE(read.violation) << code;
    EXPECT_EQ(read.messages.at(0).close_code, code);
  }
}

TEST(FrameReaderTest, R27AGiantFrameIsRefusedBeforeAnyOfItIsHeld) {
  for (const std::string& length : {"\0\0\0\0\x7f\xff\xff\xff"s, "\0\0\0\0\x80\0\0\0"s, "\x7f\xff\xff\xff\xff\xff\xff\xff"s,
                                    "\0\0\0\0\0\x10\0\x01"s}) {
    FrameReader reader(1 << 20);
    const std::string header = "\x82\xff"s + length + "mask";
    std::string_view bytes = header;
    EXPECT_TRUE(reader.Feed(&bytes, [](Message) { return true; }));
    EXPECT_LT(reader.held_bytes(), 64u);
  }
}

TEST(FrameReaderTest, R27FragmentsWithoutEndHoldNoMoreThanTheBound) {
  FrameReader reader(4096);
  const std::string empty = Frame(0x00, "");
  std::string_view first;
  const std::string begin = Frame(0x01, "x");
  first = begin;
  ASSERT_FALSE(reader.Feed(&first, [](Message) { return true; }));
  for (int i = 0; i < 100000; ++i) {
    std::string_view bytes = empty;
    ASSERT_FALSE(reader.Feed(&bytes, [](Message) { return true; }));
  }
  EXPECT_LT(reader.held_bytes(), 64u);
}

TEST(FrameReaderTest, StopsWhereItIsToldAndGoesOnThere) {
  FrameReader reader(1000);
  const std::string all = Frame(0x81, "a") + Frame(0x81, "b") + Frame(0x81, "c");
  std::string_view bytes = all;
  std::string got;
  const auto take = [&](Message message) {
    got += message.payload;
    return false;
  };
  for (const char* expected : {"a", "ab", "abc"}) {
    ASSERT_FALSE(reader.Feed(&bytes, take));
    EXPECT_EQ(got, expected);
  }
  EXPECT_TRUE(bytes.empty());
}

TEST(FrameReaderTest, S5RandomBytesNeverMakeItHoldMoreThanItsBound) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    FrameReader reader(4096);
    std::string bytes(random() % 600, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(random() % 2 != 0 ? 0x82 : 0x01);
    std::string_view view = bytes;
    reader.Feed(&view, [](Message message) {
      EXPECT_LE(message.payload.size(), 4096u);
      return true;
    });
    EXPECT_LE(reader.held_bytes(), 4096u + 256u);
  }
}

// What we say.

TEST(FrameTest, LengthsAreMinimalAndNothingIsMasked) {
  EXPECT_EQ(ws::FrameHeader(Opcode::kText, 0), "\x81\0"s);
  EXPECT_EQ(ws::FrameHeader(Opcode::kBinary, 125), "\x82\x7d");
  EXPECT_EQ(ws::FrameHeader(Opcode::kBinary, 126), "\x82\x7e\0\x7e"s);
  EXPECT_EQ(ws::FrameHeader(Opcode::kBinary, 65535), "\x82\x7e\xff\xff");
  EXPECT_EQ(ws::FrameHeader(Opcode::kBinary, 65536), "\x82\x7f\0\0\0\0\0\x01\0\0"s);
  EXPECT_EQ(ws::FrameHeader(Opcode::kPong, 5), "\x8a\x05");
}

TEST(FrameTest, CloseFramesCutTheirReasonBetweenCharacters) {
  std::string reason;
  for (int i = 0; i < 100; ++i) reason += "ä";
  const std::string frame = ws::CloseFrame(1000, reason);
  EXPECT_EQ(frame.size(), 2u + 2u + 122u);
  EXPECT_EQ(ws::CloseFrame(ws::kNoCode, "x"), "\x88\0"s);
}

TEST(Utf8Test, RepairsWhatIsBrokenWhereverItIsSplit) {
  const std::string bytes = "a\xc3\xa9\xff" "b\xe2\x82" "c\xf0\x9f\x98\x80\xed\xa0\x80" "d\xc3";
  const std::string expected = "aé\xef\xbf\xbd" "b\xef\xbf\xbd" "c😀\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "d";
  for (size_t step = 1; step <= bytes.size(); ++step) {
    ws::Utf8Repairer repairer;
    std::string out;
    for (size_t at = 0; at < bytes.size(); at += step) out += repairer.Add(bytes.substr(at, step));
    EXPECT_EQ(out, expected) << step;
  }
}

// 4.2.1: the handshake.

struct Shake {
  const char* what;
  std::function<void(ws::Handshake*)> change;
  absl::StatusCode code;
  const char* field = "";
};
TEST(HandshakeTest, S5_T4SaysWhatIsMissing) {
  using C = absl::StatusCode;
  using H = ws::Handshake;
  const Shake shakes[] = {
      {"right", [](H*) {}, C::kOk},
      {"any case", [](H* h) { h->upgrade = "WebSocket"; h->connection = "UPGRADE"; }, C::kOk},
      {"lists", [](H* h) { h->connection = "keep-alive,  Upgrade"; h->upgrade = "h2c, websocket"; }, C::kOk},
      {"no upgrade", [](H* h) { h->upgrade = ""; }, C::kFailedPrecondition},
      {"another upgrade", [](H* h) { h->upgrade = "h2c"; }, C::kFailedPrecondition},
      {"an upgrade that only begins so", [](H* h) { h->upgrade = "websockets"; }, C::kFailedPrecondition},
      {"no version", [](H* h) { h->version = ""; }, C::kFailedPrecondition},
      {"version 8", [](H* h) { h->version = "8"; }, C::kFailedPrecondition},
      {"version 13 and more", [](H* h) { h->version = "13, 8"; }, C::kFailedPrecondition},
      {"POST", [](H* h) { h->method = "POST"; }, C::kInvalidArgument, "method"},
      {"HTTP/1.0", [](H* h) { h->http_1_1 = false; }, C::kInvalidArgument, "version"},
      {"no host", [](H* h) { h->host = ""; }, C::kInvalidArgument, "Host"},
      {"no Connection", [](H* h) { h->connection = ""; }, C::kInvalidArgument, "Connection"},
      {"Connection: close", [](H* h) { h->connection = "close"; }, C::kInvalidArgument, "Connection"},
      {"no key", [](H* h) { h->key = ""; }, C::kInvalidArgument, "Sec-WebSocket-Key"},
      {"a short key", [](H* h) { h->key = "c2hvcnQ="; }, C::kInvalidArgument, "Sec-WebSocket-Key"},
      {"a long key", [](H* h) { h->key += "AAAA"; }, C::kInvalidArgument, "Sec-WebSocket-Key"},
      {"no base64", [](H* h) { h->key[3] = '*'; }, C::kInvalidArgument, "Sec-WebSocket-Key"},
  };
  for (const Shake& shake : shakes) {
    ws::Handshake handshake{.method = "GET",
                            .http_1_1 = true,
                            .host = "localhost:8080",
                            .upgrade = "websocket",
                            .connection = "Upgrade",
                            .key = "dGhlIHNhbXBsZSBub25jZQ==",
                            .version = "13"};
    shake.change(&handshake);
    const absl::Status status = ws::CheckHandshake(handshake);
    EXPECT_EQ(status.code(), shake.code) << shake.what;
    EXPECT_EQ(DetailsOf(status).field, shake.field) << shake.what;
  }
}

}  // namespace
}  // namespace atrium::gateway
