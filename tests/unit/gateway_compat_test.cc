// The source systems' words: bytes and JSON as wire.md captured them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/escaping.h"
#include "common/errors.h"
#include "gateway/compat/bell.h"
#include "gateway/compat/buffer_codec.h"
#include "gateway/compat/envelope.h"
#include "gateway/compat/keys.h"
#include "gateway/compat/screens.h"
#include "tests/support/manual_loop.h"

namespace atrium::gateway::compat {
namespace {

using atrium::v1::CellStyle;
using atrium::v1::ReadScreenRequest;
using atrium::v1::ReadScreenResponse;
using atrium::v1::ScreenRow;

std::string Hex(const std::string& bytes) { return std::string(absl::BytesToHexString(bytes)); }

constexpr size_t kHeaderBytes = 28;

// A screen with one style beside the plain one.
struct Drawing {
  ReadScreenResponse screen;
  Drawing() {
    screen.mutable_size()->set_columns(80);
    screen.mutable_size()->set_rows(24);
    screen.add_styles();
  }
  int Style(const std::function<void(CellStyle*)>& set) {
    set(screen.add_styles());
    return screen.styles_size() - 1;
  }
  ScreenRow* Row() { return screen.add_rows(); }
  static void Cell(ScreenRow* row, const std::string& text, int style = 0, int width = 1) {
    auto* cell = row->add_cells();
    cell->set_text(text);
    cell->set_width(width);
    cell->set_style(style);
  }
};

TEST(BufferCodecTest, T1EncodesEveryCapturedCellByteForByte) {
  Drawing d;
  ScreenRow* row = d.Row();
  Drawing::Cell(row, "R", d.Style([](CellStyle* s) { s->set_bold(true); s->set_foreground(2); }));
  Drawing::Cell(row, "T", d.Style([](CellStyle* s) { s->set_foreground(0x1010203); }));
  Drawing::Cell(row, "X", d.Style([](CellStyle* s) { s->set_background(201); }));
  Drawing::Cell(row, " ", d.Style([](CellStyle* s) { s->set_inverse(true); }));
  Drawing::Cell(row, "é");
  Drawing::Cell(row, "漢", 0, 2);
  Drawing::Cell(row, "😀", 0, 2);
  d.Row();
  Drawing::Cell(d.Row(), "a");
  EXPECT_EQ(Hex(EncodeBuffer(d.screen, false)).substr(2 * kHeaderBytes),
            "fd0700" "a1520101" "a95400010203" "915800c8" "8010" "4202c3a9" "4203e6bca2"
            "4204f09f9880" "fe01" "fd01000161");
}

TEST(BufferCodecTest, T1TheHeaderIsLittleEndianAndCountsTrimmedRows) {
  Drawing d;
  Drawing::Cell(d.Row(), "a");
  Drawing::Cell(d.Row(), "b");
  for (int i = 0; i < 22; ++i) d.Row();
  d.screen.set_cursor_column(1);
  d.screen.set_cursor_row(300);
  EXPECT_EQ(Hex(EncodeBuffer(d.screen, true)).substr(0, 2 * kHeaderBytes),
            "5456" "01" "01" "50000000" "02000000" "00000000" "01000000" "2c010000" "00000000");
  EXPECT_EQ(Hex(EncodeBuffer(d.screen, false)).substr(4, 4), "0100");
}

TEST(BufferCodecTest, T1AnEmptyScreenHasOneEmptyRow) {
  Drawing d;
  const std::string bytes = Hex(EncodeBuffer(d.screen, false));
  EXPECT_EQ(bytes.substr(16, 8), "01000000");
  EXPECT_EQ(bytes.substr(2 * kHeaderBytes), "fe01");
}

struct CellCase {
  const char* what;
  std::string text;
  std::function<void(CellStyle*)> style;
  const char* hex;
};
TEST(BufferCodecTest, T1CellsByTheirBits) {
  const CellCase cases[] = {
      {"italic", "i", [](CellStyle* s) { s->set_italic(true); }, "816902"},
      {"curly underline", "u", [](CellStyle* s) { s->set_underline(3); }, "817504"},
      {"dim", "d", [](CellStyle* s) { s->set_dim(true); }, "816408"},
      {"invisible", "v", [](CellStyle* s) { s->set_invisible(true); }, "817620"},
      {"struck", "k", [](CellStyle* s) { s->set_strikethrough(true); }, "816b40"},
      {"blink has no bit", "b", [](CellStyle* s) { s->set_blink(true); }, "0162"},
      {"both palettes", "p", [](CellStyle* s) { s->set_foreground(1); s->set_background(256); }, "b1700000ff"},
      {"both RGB", "q", [](CellStyle* s) { s->set_foreground(0x1000000); s->set_background(0x1ffffff); },
       "bd7100000000ffffff"},
      {"RGB on palette", "m", [](CellStyle* s) { s->set_foreground(0x1112233); s->set_background(8); },
       "b96d0011223307"},
      {"coloured blank", "", [](CellStyle* s) { s->set_background(5); }, "900004"},
      {"a combined character", "e\xcc\x81", [](CellStyle*) {}, "4203" "65cc81"},
  };
  for (const CellCase& one : cases) {
    Drawing d;
    Drawing::Cell(d.Row(), one.text, d.Style(one.style));
    EXPECT_EQ(Hex(EncodeBuffer(d.screen, false)).substr(2 * kHeaderBytes),
              std::string("fd0100") + one.hex)
        << one.what;
  }
}

TEST(BufferCodecTest, T1TrailingPlainBlanksAreTrimmedAndInnerOnesAreOneByte) {
  Drawing d;
  ScreenRow* row = d.Row();
  for (const char* text : {"a", "", " ", "b", "", " "}) Drawing::Cell(row, text);
  EXPECT_EQ(Hex(EncodeBuffer(d.screen, false)).substr(2 * kHeaderBytes), "fd0400" "0161" "00" "00" "0162");
}

TEST(BufferCodecTest, T1TheMessageBeginsWithItsMagicAndItsTerminal) {
  EXPECT_EQ(Hex(BufferPrefix("ab")), "bf" "02000000" "6162");
}

TEST(BufferCodecTest, T1AnOverlongGraphemeIsCutBetweenCharacters) {
  Drawing d;
  std::string many = "e";
  for (int i = 0; i < 200; ++i) many += "\xcc\x81";
  Drawing::Cell(d.Row(), many);
  const std::string bytes = EncodeBuffer(d.screen, false).substr(kHeaderBytes + 3);
  EXPECT_EQ(static_cast<uint8_t>(bytes[1]), 255);
  EXPECT_EQ(bytes.size(), 2u + 255u);
}

struct KeyCase {
  const char* name;
  const char* bytes;
};
class KeysTest : public testing::TestWithParam<KeyCase> {};
TEST_P(KeysTest, T2EveryKeyHasItsBytes) {
  const std::string message = std::string(1, '\0') + GetParam().name + std::string(1, '\0');
  EXPECT_EQ(BytesOf(message, false), GetParam().bytes);
}
INSTANTIATE_TEST_SUITE_P(
    All, KeysTest,
    testing::Values(KeyCase{"enter", "\r"}, KeyCase{"ctrl_enter", "\n"}, KeyCase{"shift_enter", "\r\n"},
                    KeyCase{"escape", "\x1b"}, KeyCase{"backspace", "\x7f"}, KeyCase{"tab", "\t"},
                    KeyCase{"shift_tab", "\x1b[Z"}, KeyCase{"arrow_up", "\x1b[A"},
                    KeyCase{"arrow_down", "\x1b[B"}, KeyCase{"arrow_right", "\x1b[C"},
                    KeyCase{"arrow_left", "\x1b[D"}, KeyCase{"page_up", "\x1b[5~"},
                    KeyCase{"page_down", "\x1b[6~"}, KeyCase{"home", "\x1b[H"}, KeyCase{"end", "\x1b[F"},
                    KeyCase{"delete", "\x1b[3~"}, KeyCase{"f1", "\x1bOP"}, KeyCase{"f2", "\x1bOQ"},
                    KeyCase{"f3", "\x1bOR"}, KeyCase{"f4", "\x1bOS"}, KeyCase{"f5", "\x1b[15~"},
                    KeyCase{"f6", "\x1b[17~"}, KeyCase{"f7", "\x1b[18~"}, KeyCase{"f8", "\x1b[19~"},
                    KeyCase{"f9", "\x1b[20~"}, KeyCase{"f10", "\x1b[21~"}, KeyCase{"f11", "\x1b[23~"},
                    KeyCase{"f12", "\x1b[24~"}));

TEST(KeysTest, T2WhatIsNoKnownKeyGoesThroughAsItIs) {
  using std::string_literals::operator""s;
  for (const std::string& text : {"ls -l\r"s, "\0"s, "\0\0"s, "\0nonsense\0"s, "\0enter"s, "enter\0"s,
                                  "\0ENTER\0"s, "enter"s, ""s, "\x1b[<0;1;2M"s, "\0a\0\0b\0"s}) {
    EXPECT_EQ(BytesOf(text, false), text);
    EXPECT_FALSE(IsArrow(text));
  }
}

TEST(KeysTest, T2ArrowsHonourApplicationCursorMode) {
  using std::string_literals::operator""s;
  EXPECT_EQ(BytesOf("\0arrow_up\0"s, true), "\x1bOA");
  EXPECT_EQ(BytesOf("\0arrow_left\0"s, true), "\x1bOD");
  EXPECT_TRUE(IsArrow("\0arrow_left\0"s));
  EXPECT_EQ(BytesOf("\0home\0"s, true), "\x1b[H");
  EXPECT_FALSE(IsArrow("\0home\0"s));
}

TEST(BellTest, T1RingsForBellsButNotForTheEndsOfTitles) {
  const std::string titles = "\x1b]0;t\x07\x1bPq\x07\x1b\\\x1b]2;x\x1b\\ls\x1b[1m\r\n";
  for (size_t step : {size_t{1}, size_t{3}, titles.size()}) {
    BellFinder bell;
    bool rang = false;
    for (size_t at = 0; at < titles.size(); at += step) rang |= bell.Add(titles.substr(at, step));
    EXPECT_FALSE(rang) << step;
    EXPECT_TRUE(bell.Add("a\x07"));
  }
}

TEST(EnvelopeTest, P4ReadsACommandWithAllItsFields) {
  std::string id;
  const auto envelope = ParseEnvelope(
      R"({"type":"command","sessionId":"s1","payload":{"command":"make","workingDirectory":"/x","environment":{"A":"b"}},"timestamp":1,"messageId":"m1"})", &id);
  ASSERT_TRUE(envelope.ok()) << envelope.status();
  EXPECT_EQ(envelope->type, Envelope::Type::kCommand);
  EXPECT_EQ(envelope->session_id, "s1");
  EXPECT_EQ(id, "m1");
  const auto command = ParseCommand(envelope->payload);
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->command, "make");
  EXPECT_EQ(command->working_directory, "/x");
  EXPECT_EQ(command->environment.at("A"), "b");
}

struct BadEnvelope {
  const char* text;
  const char* field;
};
TEST(EnvelopeTest, P4_T5_R26WhatIsWrongNamesItsField) {
  for (const BadEnvelope& bad : {
           BadEnvelope{"", "message"}, {"[]", "message"}, {"{", "message"}, {"null", "message"},
           {R"({})", "type"}, {R"({"type":1})", "type"},
           {R"({"type":"command"})", "messageId"},
           {R"({"type":"command","messageId":7})", "messageId"},
           {R"({"type":"output","messageId":"m"})", "type"},
           {R"({"type":"nonsense","messageId":"m"})", "type"},
           {R"({"type":"control","messageId":"m"})", "sessionId"},
           {R"({"type":"control","messageId":"m","sessionId":"s"})", "timestamp"},
           {R"({"type":"control","messageId":"m","sessionId":"s","timestamp":"now"})", "timestamp"},
           {R"({"type":"control","messageId":"m","sessionId":"s","timestamp":1})", "payload"},
           {R"({"type":"control","messageId":"m","sessionId":"s","timestamp":1,"payload":[]})", "payload"}}) {
    std::string id;
    const auto envelope = ParseEnvelope(bad.text, &id);
    ASSERT_FALSE(envelope.ok()) << bad.text;
    EXPECT_EQ(DetailsOf(envelope.status()).field, bad.field) << bad.text;
  }
  for (const BadEnvelope& bad : {BadEnvelope{R"({})", "payload.command"},
                                 {R"({"command":""})", "payload.command"},
                                 {R"({"command":1})", "payload.command"},
                                 {R"({"command":"x","workingDirectory":1})", "payload.workingDirectory"},
                                 {R"({"command":"x","environment":[]})", "payload.environment"},
                                 {R"({"command":"x","environment":{"A":1}})", "payload.environment.A"}}) {
    EXPECT_EQ(DetailsOf(ParseCommand(Json::parse(bad.text)).status()).field, bad.field) << bad.text;
  }
}

TEST(EnvelopeTest, R27DeepJsonIsRefusedWithoutFallingOver) {
  std::string deep(1 << 20, '[');
  std::string id;
  EXPECT_FALSE(ParseEnvelope(deep, &id).ok());
}

TEST(EnvelopeTest, S5R27AnObjectOfVeryManyKeysIsRefusedAtOnce) {
  std::string text = R"({"type":"ping")";
  for (int i = 0; i < 100'000; ++i) text += ",\"k" + std::to_string(i) + "\":0";
  EXPECT_TRUE(absl::IsInvalidArgument(ParseTyped(text + "}").status()));
  EXPECT_TRUE(ParseTyped(R"({"type":"ping","list":[[1],{"a":{"b":null}}]})").ok());
}

TEST(EnvelopeTest, P4WritesItsFieldsInTheirOrder) {
  const Envelope envelope{Envelope::Type::kOutput, "s1", "m1", "a\xff"};
  EXPECT_EQ(MakeEnvelope(envelope, absl::FromUnixMillis(1700000000123)),
            "{\"type\":\"output\",\"sessionId\":\"s1\",\"payload\":\"a\xef\xbf\xbd\","
            "\"timestamp\":1700000000123,\"messageId\":\"m1\"}");
}

TEST(EnvelopeTest, M6SizesAreBounded) {
  EXPECT_EQ(SizeOf(Json::parse(R"({"cols":80,"rows":24})"), "")->columns(), 80);
  for (const char* bad : {R"({"rows":24})", R"({"cols":1,"rows":24})", R"({"cols":1001,"rows":24})",
                          R"({"cols":80.5,"rows":24})", R"({"cols":"80","rows":24})", R"([])",
                          R"({"cols":18446744073709551615,"rows":24})"}) {
    EXPECT_FALSE(SizeOf(Json::parse(bad), "").ok()) << bad;
  }
  EXPECT_EQ(DetailsOf(SizeOf(Json::parse(R"({"cols":80,"rows":501})"), "payload.parameters").status()).field,
            "payload.parameters.rows");
}

TEST(EnvelopeTest, M5TabsSayWhatTheyRunAndSince) {
  atrium::v1::Tab tab;
  tab.set_name("sessions/main/tabs/abc");
  tab.set_title("build");
  tab.add_command("/bin/zsh");
  tab.mutable_create_time()->set_seconds(1700000000);
  EXPECT_EQ(Dump(TabJson(tab)),
            R"({"session_id":"abc","shell_id":"zsh","title":"build","created_at":"2023-11-14T22:13:20.000Z"})");
}

// Screens.

constexpr char kTab[] = "sessions/main/tabs/a";

struct Reads {
  std::vector<std::function<void(absl::StatusOr<ReadScreenResponse>)>> waiting;
  int count = 0;
  ReadScreen Fn() {
    return [this](const ReadScreenRequest& request, auto done) {
      EXPECT_EQ(request.format(), ReadScreenRequest::CELLS);
      ++count;
      waiting.push_back(std::move(done));
    };
  }
  void Answer() {
    auto done = std::move(waiting.front());
    waiting.erase(waiting.begin());
    done(Drawing().screen);
  }
};
struct Viewer : Screens::Listener {
  int screens = 0;
  std::string last;
  void OnScreen(const std::string& tab, const grpc::Slice& snapshot) override {
    ++screens;
    last.assign(snapshot.begin(), snapshot.end());
  }
};

TEST(ScreensTest, T1OneSnapshotPerChangeAtMostEvery50Ms) {
  ManualLoop loop;
  Reads reads;
  Screens screens(&loop, reads.Fn());
  Viewer viewer;
  screens.Follow(kTab, &viewer);
  reads.Answer();
  EXPECT_EQ(viewer.screens, 1);
  int64_t offset = 0;
  for (int ms = 0; ms < 1000; ++ms) {
    screens.Changed(kTab, offset, {grpc::Slice("x")});
    ++offset;
    loop.Advance(absl::Milliseconds(1));
    if (!reads.waiting.empty()) reads.Answer();
  }
  EXPECT_GE(viewer.screens, 19);
  EXPECT_LE(viewer.screens, 21);
  loop.Advance(absl::Milliseconds(50));
  if (!reads.waiting.empty()) reads.Answer();
  const int settled = viewer.screens;
  loop.Advance(absl::Seconds(10));
  EXPECT_TRUE(reads.waiting.empty());
  EXPECT_EQ(viewer.screens, settled);
}

TEST(ScreensTest, T1AReadIsSharedAndOneWhoComesLaterGetsItsOwnFirst) {
  ManualLoop loop;
  Reads reads;
  Screens screens(&loop, reads.Fn());
  Viewer one, two;
  screens.Follow(kTab, &one);
  reads.Answer();
  screens.Follow(kTab, &two);
  reads.Answer();
  EXPECT_EQ(one.screens, 1);
  EXPECT_EQ(two.screens, 1);
  screens.Changed(kTab, 0, {grpc::Slice("x")});
  screens.Changed(kTab, 0, {grpc::Slice("x")});
  loop.Advance(absl::Milliseconds(50));
  EXPECT_EQ(reads.count, 3);
  // What changes while it is read is read again.
  screens.Changed(kTab, 1, {grpc::Slice("y")});
  reads.Answer();
  EXPECT_EQ(one.screens, 2);
  EXPECT_EQ(two.screens, 2);
  loop.Advance(absl::Milliseconds(50));
  EXPECT_EQ(reads.count, 4);
  screens.Unfollow(kTab, &one);
  reads.Answer();
  EXPECT_EQ(one.screens, 2);
  EXPECT_EQ(two.screens, 3);
}

TEST(ScreensTest, T1TheBellIsInTheNextSnapshotOnceThoughManyListen) {
  ManualLoop loop;
  Reads reads;
  Screens screens(&loop, reads.Fn());
  Viewer viewer;
  screens.Follow(kTab, &viewer);
  reads.Answer();
  EXPECT_EQ(viewer.last[3], 0);
  for (int i = 0; i < 2; ++i) screens.Changed(kTab, 0, {grpc::Slice("a\x07")});
  loop.Advance(absl::Milliseconds(50));
  reads.Answer();
  EXPECT_EQ(viewer.last[3], 1);
  screens.Changed(kTab, 2, {grpc::Slice("b")});
  loop.Advance(absl::Milliseconds(50));
  reads.Answer();
  EXPECT_EQ(viewer.last[3], 0);
}

TEST(ScreensTest, T1AnAnswerThatNobodyWaitsForAnyMoreIsDropped) {
  ManualLoop loop;
  Reads reads;
  Screens screens(&loop, reads.Fn());
  Viewer viewer;
  screens.Follow(kTab, &viewer);
  screens.Unfollow(kTab, &viewer);
  reads.Answer();
  EXPECT_EQ(viewer.screens, 0);
}

}  // namespace
}  // namespace atrium::gateway::compat
