// How well the offline agent understands: every command of a list, spoken by
// several espeak-ng voices, clean, with noise, after Opus, and with somebody else
// talking at the same time; and what it takes for a command that is none.
//
//   voice [--quick]      prints one JSON object: counts a condition.
//
// The audio goes the agent's own way: 24 kHz in 20 ms pieces, resampler, endpointer,
// recognizer with the grammar of three tabs.
#include <opus/opus.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "control/agent/offline/commands.h"
#include "control/agent/offline/endpointer.h"
#include "control/agent/offline/recognizer.h"
#include "control/agent/offline/resampler.h"

namespace {

using Pcm = std::vector<int16_t>;
constexpr int kRate = 24000;
constexpr size_t kFrame = kRate / 50;

const std::vector<std::string> kVoices = {"en-us", "en-us+m3", "en-us+f2", "en-gb"};
const std::vector<std::string> kCommands = {
    "what time is it", "tell me the time", "list the tabs", "which tabs are open",
    "open a new tab", "open a tab called logs", "close build", "close tab two",
    "rename tab one to server", "read the last lines of build", "read the last line of tab three",
    "run the tests", "git status", "git log in build", "list files", "show disk usage",
    "show the date", "what can you do"};
const std::vector<std::string> kOthers = {
    "I think we should go home now", "the tests have been failing since yesterday",
    "could you pass me the salt please", "computers are not what they used to be",
    "did anybody look at the build this morning", "the weather is going to be nice tomorrow",
    "let us open the meeting with a short round", "I will write it down and send it to you",
    "what do you think about the new design", "my computer at home is much slower",
    "please close the door behind you", "nobody listed the reasons for that"};

// Said to the agent, and nothing that it knows.
const std::vector<std::string> kUnknown = {
    "play some music for us", "who won the game last night", "order two pizzas for everybody",
    "turn the lights off in the kitchen", "translate this letter into french",
    "remind me about the dentist tomorrow", "how far away is the moon",
    "send the summary to my brother"};

// Linear is enough from 22.05 kHz: espeak-ng's voices end at 10 kHz.
Pcm Speak(const std::string& voice, const std::string& text) {
  const std::string command =
      "espeak-ng -v " + voice + " -s 150 --stdout '" + text + "' 2>/dev/null";
  FILE* pipe = popen(command.c_str(), "r");
  std::string wav;
  char buffer[65536];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) wav.append(buffer, n);
  if (pclose(pipe) != 0 || wav.size() < 44) {
    std::fprintf(stderr, "voice: espeak-ng does not speak: install espeak-ng\n");
    std::exit(1);
  }
  Pcm raw((wav.size() - 44) / 2);
  std::memcpy(raw.data(), wav.data() + 44, raw.size() * 2);
  int from;
  std::memcpy(&from, wav.data() + 24, 4);
  Pcm out(raw.size() * kRate / from);
  for (size_t i = 0; i < out.size(); ++i) {
    const double at = static_cast<double>(i) * from / kRate;
    const size_t k = static_cast<size_t>(at);
    const double next = k + 1 < raw.size() ? raw[k + 1] : 0;
    out[i] = static_cast<int16_t>(raw[k] + (next - raw[k]) * (at - static_cast<double>(k)));
  }
  return out;
}

double Power(const Pcm& pcm) {
  double sum = 0;
  for (int16_t s : pcm) sum += static_cast<double>(s) * s;
  return sum / static_cast<double>(std::max<size_t>(1, pcm.size()));
}

int16_t Clamp(double v) { return static_cast<int16_t>(std::clamp(v, -32768.0, 32767.0)); }

// White noise that many decibels below the speech.
Pcm Noisy(Pcm pcm, double snr_db, std::mt19937* random) {
  std::normal_distribution<double> noise(0, std::sqrt(Power(pcm) * std::pow(10, -snr_db / 10)));
  for (int16_t& s : pcm) s = Clamp(s + noise(*random));
  return pcm;
}

// Through an Opus encoder and decoder, as a browser's voice comes.
Pcm ThroughOpus(const Pcm& pcm, int bits_per_second) {
  int error = 0;
  OpusEncoder* encoder = opus_encoder_create(kRate, 1, OPUS_APPLICATION_VOIP, &error);
  OpusDecoder* decoder = opus_decoder_create(kRate, 1, &error);
  opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bits_per_second));
  Pcm out;
  unsigned char packet[1500];
  for (size_t at = 0; at + kFrame <= pcm.size(); at += kFrame) {
    const int n = opus_encode(encoder, &pcm[at], kFrame, packet, sizeof packet);
    int16_t decoded[kFrame];
    const int samples = opus_decode(decoder, packet, n, decoded, kFrame, 0);
    out.insert(out.end(), decoded, decoded + std::max(0, samples));
  }
  opus_encoder_destroy(encoder);
  opus_decoder_destroy(decoder);
  return out;
}

Pcm Together(Pcm pcm, const Pcm& other, double gain_db) {
  const double gain = std::pow(10, gain_db / 20) * std::sqrt(Power(pcm) / Power(other));
  for (size_t i = 0; i < pcm.size(); ++i) pcm[i] = Clamp(pcm[i] + gain * other[i % other.size()]);
  return pcm;
}

const std::string kAsks = "?";

// What the agent takes from one person's audio, silence around it.
class Ear final : atrium::agent::Endpointer::Listener {
 public:
  explicit Ear(atrium::agent::Recognizer* recognizer) : recognizer_(recognizer) {}
  // Empty, the wake word, a command, or "?" where it asks which of two was meant.
  std::string Hear(const Pcm& speech) {
    heard_.clear();
    asks_ = false;
    atrium::agent::Resampler resampler(kRate, 16000);
    atrium::agent::Endpointer endpointer(this);
    Pcm all(kRate / 2);
    all.insert(all.end(), speech.begin(), speech.end());
    all.resize(all.size() + kRate);
    for (size_t at = 0; at + kFrame <= all.size(); at += kFrame) {
      endpointer.Process(resampler.Process(&all[at], kFrame));
    }
    return asks_ ? kAsks : heard_;
  }

 private:
  void OnBegin(int64_t) override {}
  void OnEnd(int64_t, std::vector<int16_t> utterance) override {
    const atrium::agent::Heard heard = recognizer_->Recognize(utterance);
    heard_ += atrium::agent::WithoutManners(heard.text);
    asks_ |= !heard.other.empty();
  }
  atrium::agent::Recognizer* const recognizer_;
  std::string heard_;
  bool asks_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  const bool quick = argc > 1 && std::string(argv[1]) == "--quick";
  auto recognizer = atrium::agent::Recognizer::Create();
  if (!recognizer.ok()) {
    std::fprintf(stderr, "voice: %s\n", std::string(recognizer.status().message()).c_str());
    return 1;
  }
  atrium::agent::Commands commands;
  commands.SetTabs({"build", "server", "notes"});
  const auto knows = [&](const std::string& word) { return (*recognizer)->Knows(word); };
  if (!(*recognizer)->SetGrammar(commands.Grammar(knows)).ok()) return 1;
  Ear ear(recognizer->get());
  std::mt19937 random(1);
  const auto voices = quick ? std::vector<std::string>(kVoices.begin(), kVoices.begin() + 2) : kVoices;
  struct Condition {
    const char* name;
    std::function<Pcm(const Pcm&, const Pcm& other)> apply;
  };
  const std::vector<Condition> conditions = {
      {"clean", [](const Pcm& pcm, const Pcm&) { return pcm; }},
      {"Opus 24 kb/s", [](const Pcm& pcm, const Pcm&) { return ThroughOpus(pcm, 24000); }},
      {"noise 20 dB below", [&](const Pcm& pcm, const Pcm&) { return Noisy(pcm, 20, &random); }},
      {"noise 10 dB below", [&](const Pcm& pcm, const Pcm&) { return Noisy(pcm, 10, &random); }},
      {"another voice 20 dB below", [](const Pcm& pcm, const Pcm& other) { return Together(pcm, other, -20); }},
      {"another voice 12 dB below", [](const Pcm& pcm, const Pcm& other) { return Together(pcm, other, -12); }}};
  const auto asks_back = [](const std::string& heard) {
    return heard == "computer" || heard == kAsks;
  };
  const auto acts = [&](const std::string& heard) { return !heard.empty() && !asks_back(heard); };
  for (const Condition& condition : conditions) {
    int right = 0, wrong = 0, asked = 0, total = 0, taken = 0, answered = 0, others = 0;
    int unknown = 0, returned = 0, mistaken = 0;
    for (size_t v = 0; v < voices.size(); ++v) {
      const Pcm other = Speak(kVoices[(v + 1) % kVoices.size()], "well yes I am saying something too");
      const auto hear = [&](const std::string& text) {
        return ear.Hear(condition.apply(Speak(voices[v], text), other));
      };
      for (const std::string& text : kCommands) {
        const std::string heard = hear("computer, " + text);
        right += heard == "computer " + text;
        asked += asks_back(heard);
        wrong += acts(heard) && heard != "computer " + text;
        ++total;
      }
      for (const std::string& text : kOthers) {
        const std::string heard = hear(text);
        taken += acts(heard);
        answered += asks_back(heard);
        ++others;
      }
      for (const std::string& text : kUnknown) {
        const std::string heard = hear("computer, " + text);
        returned += asks_back(heard);
        mistaken += acts(heard);
        ++unknown;
      }
    }
    std::printf(
        "%s\"%s\":{\"commands\":%d,\"right\":%d,\"wrong\":%d,\"asked\":%d,\"others\":%d,"
        "\"taken\":%d,\"answered\":%d,\"unknown\":%d,\"returned\":%d,\"mistaken\":%d}",
        &condition == conditions.data() ? "{" : ",", condition.name, total, right, wrong, asked,
        others, taken, answered, unknown, returned, mistaken);
  }
  std::printf("}\n");
  return 0;
}
