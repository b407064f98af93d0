// A conversation between a pretended room and a pretended provider.
#ifndef ATRIUM_TESTS_SUPPORT_CONVERSATION_TEST_H_
#define ATRIUM_TESTS_SUPPORT_CONVERSATION_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "control/agent/conversation.h"
#include "control/limits.h"
#include "tests/support/fake_links.h"
#include "tests/support/fake_provider.h"
#include "tests/support/fake_room.h"
#include "tests/support/manual_loop.h"

namespace atrium::control {

class ConversationTest : public testing::Test {
 protected:
  using Shape = atrium::v1::Conversation;
  using TimelineEntry = atrium::v1::TimelineEntry;

  void Start() {
    talk_.Start([this](absl::Status status) { started_.push_back(status); });
    if (providers_.listener != nullptr) providers_.listener->OnReady(std::nullopt);
  }
  void Lose(bool final = false) {
    providers_.listener->OnLost(absl::UnavailableError("reset"), final);
    loop_.RunPosted();
  }
  Provider::Listener& agent() { return *providers_.listener; }
  ProviderTold& told() { return providers_.latest(); }
  // The agent says something aloud that takes a second.
  void Say(const std::string& response, const std::string& item, const std::string& text) {
    agent().OnResponseStarted(response);
    agent().OnSaying(response, item, text, false);
    agent().OnSpeech(response, item, std::string(48000, 'x'));
  }
  void Played(const std::string& item, int64_t position, bool ended = false) {
    atrium::media::v1::StreamAudioResponse::Played played;
    played.set_utterance(item);
    played.set_position(position);
    played.set_ended(ended);
    media_.audio_listener->OnPlayed(played);
  }
  void GoLive() {
    talk_.SetAnybodyLive(true, true);
    media_.audio_listener->OnAudioOpen();
  }
  void Room(int64_t position, int64_t samples, const std::string& who = "") {
    atrium::media::v1::StreamAudioResponse::Room room;
    room.set_position(position);
    room.set_pcm(std::string(static_cast<size_t>(samples) * 2, 'v'));
    if (!who.empty()) {
      room.add_voices()->set_participant(who);
      room.mutable_voices(0)->set_dbfs(-20);
    }
    media_.audio_listener->OnRoomAudio(room);
  }
  std::vector<std::string> History() {
    std::vector<std::string> texts;
    for (const HistoryItem& item : told().history) texts.push_back(item.text);
    return texts;
  }

  ManualLoop loop_;
  FakeMediaLink media_;
  FakeRoom room_;
  FakeProviderFactory providers_;
  Profiles profiles_ = {Profile(),
                        {.id = "terse",
                         .instructions = "One word.",
                         .voice = "echo",
                         .language = "fr",
                         .transcription_model = "ear-2"}};
  Conversation talk_{&loop_, &providers_, &profiles_, &media_, &room_,
                     {.session = "sessions/main"}};
  std::vector<absl::Status> started_;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_CONVERSATION_TEST_H_
