#include "control/agent/offline/recognizer.h"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <sphinxbase/fsg_model.h>
#include <sphinxbase/jsgf.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <set>

#include "common/errors.h"
#include "common/file.h"
#include "common/random.h"
#include "common/status_macros.h"
#include "common/str_cat.h"

namespace atrium::agent {
namespace {

constexpr char kModel[] = "/usr/share/pocketsphinx/model/en-us/en-us";
constexpr char kDictionary[] = "/usr/share/pocketsphinx/model/en-us/cmudict-en-us.dict";
constexpr char kSearch[] = "commands";
// How likely something else than a command is, at its begin and for each phone.
constexpr double kFillerEntry = 1e-2, kFillerPhone = 1e-2;
// The same behind the wake word, where a command is what is expected.
constexpr double kUnknownEntry = 1e-6, kUnknownPhone = 1e-2;
constexpr float kLanguageWeight = 6.5f;
constexpr int kDither = 4;  // Of 32767.
// The noise of each reading: so many decibels below the speech. The last one, without,
// counts where the others differ. Of 72 commands beside a second voice 12 dB below them
// 65 are understood so, and 57 in one reading without (tests/bench/voice.cc).
constexpr double kNoiseDb[] = {20, 17};
constexpr size_t kPowerFrame = 160;  // 10 ms.
constexpr char kFillerPrefix[] = "zz";
const char* const kPhones[] = {"aa", "ae", "ah", "ao", "aw", "ay", "b",  "ch", "d",  "dh",
                               "eh", "er", "ey", "f",  "g",  "hh", "ih", "iy", "jh", "k",
                               "l",  "m",  "n",  "ng", "ow", "oy", "p",  "r",  "s",  "sh",
                               "t",  "th", "uh", "uw", "v",  "w",  "y",  "z",  "zh"};

// A copy of `grammar` with two more states, loops of all phones that may be left to the
// end: one entered at the start, for what is not said to us, one behind the wake word, for
// what is and is no command.
fsg_model_t* WithFiller(fsg_model_t* grammar, logmath_t* logmath) {
  const int loop = fsg_model_n_state(grammar), unknown = loop + 1;
  fsg_model_t* out = fsg_model_init("commands", logmath, kLanguageWeight, loop + 2);
  std::set<int> awake;
  out->start_state = fsg_model_start_state(grammar);
  out->final_state = fsg_model_final_state(grammar);
  for (int state = 0; state < loop; ++state) {
    for (fsg_arciter_t* arc = fsg_model_arcs(grammar, state); arc != nullptr;
         arc = fsg_arciter_next(arc)) {
      fsg_link_t* link = fsg_arciter_get(arc);
      const int from = fsg_link_from_state(link), to = fsg_link_to_state(link);
      if (fsg_link_wid(link) < 0) {
        fsg_model_null_trans_add(out, from, to, fsg_link_logs2prob(link));
      } else {
        const std::string text = fsg_model_word_str(grammar, fsg_link_wid(link));
        const int word = fsg_model_word_add(out, text.c_str());
        if (text == kWakeWord) awake.insert(to);
        fsg_model_trans_add(out, from, to, fsg_link_logs2prob(link), word);
      }
    }
  }
  const auto cost = [logmath](double likely) {
    return static_cast<int>(logmath_log(logmath, likely) * kLanguageWeight);
  };
  for (const char* phone : kPhones) {
    const int word = fsg_model_word_add(out, StrCat(kFillerPrefix, phone).c_str());
    fsg_model_trans_add(out, out->start_state, loop, cost(kFillerEntry), word);
    fsg_model_trans_add(out, loop, loop, cost(kFillerPhone), word);
    for (const int state : awake) {
      fsg_model_trans_add(out, state, unknown, cost(kUnknownEntry), word);
    }
    fsg_model_trans_add(out, unknown, unknown, cost(kUnknownPhone), word);
  }
  fsg_model_null_trans_add(out, loop, out->final_state, 0);
  fsg_model_null_trans_add(out, unknown, out->final_state, 0);
  return out;
}

// With a little noise, always the same: the decoder takes the mean of the whole
// utterance's spectrum away, which digital silence around it would spoil. Of 36
// clean commands it makes 36 understood instead of 22 (tests/bench/voice.cc).
std::vector<int16_t> Dithered(std::vector<int16_t> audio) {
  std::minstd_rand random(1);
  std::uniform_int_distribution<int> noise(-kDither, kDither);
  for (int16_t& sample : audio) {
    sample = static_cast<int16_t>(std::clamp(sample + noise(random), -32768, 32767));
  }
  return audio;
}

// The power of what is spoken: of the loudest three tenths of its frames.
double SpeechPower(const std::vector<int16_t>& audio) {
  std::vector<double> powers;
  for (size_t at = 0; at + kPowerFrame <= audio.size(); at += kPowerFrame) {
    double sum = 0;
    for (size_t i = at; i < at + kPowerFrame; ++i) sum += static_cast<double>(audio[i]) * audio[i];
    powers.push_back(sum / kPowerFrame);
  }
  std::sort(powers.begin(), powers.end(), std::greater<>());
  powers.resize((powers.size() * 3 + 9) / 10);
  double sum = 0;
  for (const double power : powers) sum += power;
  return powers.empty() ? 0 : sum / static_cast<double>(powers.size());
}

// With white noise, the same each time, that many decibels below the speech.
std::vector<int16_t> Noisy(std::vector<int16_t> audio, double below_db) {
  std::minstd_rand random(static_cast<uint32_t>(below_db));
  const double power = SpeechPower(audio) * std::pow(10, -below_db / 10);
  std::normal_distribution<double> noise(0, std::sqrt(std::max(power, 1e-9)));
  for (int16_t& sample : audio) {
    sample = static_cast<int16_t>(std::clamp(sample + noise(random), -32768.0, 32767.0));
  }
  return audio;
}

// The dictionary with a word for each phone, in a file that lives shortly.
absl::StatusOr<std::string> WriteDictionary() {
  std::ifstream in(kDictionary);
  if (!in) return SystemError("read", kDictionary, ENOENT);
  const std::string path = StrCat("/tmp/atrium-dictionary-", RandomId());
  std::ofstream out(path);
  out << in.rdbuf();
  for (const char* phone : kPhones) {
    std::string upper = phone;
    std::transform(upper.begin(), upper.end(), upper.begin(), ::toupper);
    out << kFillerPrefix << phone << " " << upper << "\n";
  }
  if (!out.good()) return SystemError("write", path, EIO);
  return path;
}

}  // namespace

struct Recognizer::Decoder {
  cmd_ln_t* config = nullptr;
  ps_decoder_t* decoder = nullptr;
  ~Decoder() {
    if (decoder != nullptr) ps_free(decoder);
    if (config != nullptr) cmd_ln_free_r(config);
  }
};

Recognizer::Recognizer(std::unique_ptr<Decoder> decoder) : decoder_(std::move(decoder)) {}
Recognizer::~Recognizer() = default;

absl::StatusOr<std::unique_ptr<Recognizer>> Recognizer::Create() {
  err_set_logfp(nullptr);
  ASSIGN_OR_RETURN(const std::string dictionary, WriteDictionary());
  auto decoder = std::make_unique<Decoder>();
  decoder->config = cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", kModel, "-dict",
                                dictionary.c_str(), "-lw", "6.5", "-beam", "1e-64", "-pbeam",
                                "1e-64", "-wbeam", "1e-40", nullptr);
  decoder->decoder = decoder->config == nullptr ? nullptr : ps_init(decoder->config);
  unlink(dictionary.c_str());
  if (decoder->decoder == nullptr) {
    return MakeError(absl::StatusCode::kFailedPrecondition,
                     StrCat("No speech model in ", kModel, ": install pocketsphinx-en-us"),
                     {.reason = "NO_SPEECH_MODEL"});
  }
  return std::unique_ptr<Recognizer>(new Recognizer(std::move(decoder)));
}

bool Recognizer::Knows(const std::string& word) const {
  char* phones = ps_lookup_word(decoder_->decoder, word.c_str());
  const bool known = phones != nullptr;
  ckd_free(phones);
  return known;
}

absl::Status Recognizer::SetGrammar(const std::string& jsgf_text) {
  jsgf_t* jsgf = jsgf_parse_string(jsgf_text.c_str(), nullptr);
  jsgf_rule_t* rule = jsgf == nullptr ? nullptr : jsgf_get_rule(jsgf, "atrium.command");
  if (rule == nullptr) {
    if (jsgf != nullptr) jsgf_grammar_free(jsgf);
    return absl::InternalError("The grammar cannot be read");
  }
  logmath_t* logmath = ps_get_logmath(decoder_->decoder);
  fsg_model_t* grammar = jsgf_build_fsg(jsgf, rule, logmath, kLanguageWeight);
  fsg_model_t* whole = WithFiller(grammar, logmath);
  const bool set = ps_set_fsg(decoder_->decoder, kSearch, whole) == 0 &&
                   ps_set_search(decoder_->decoder, kSearch) == 0;
  fsg_model_free(whole);
  fsg_model_free(grammar);
  jsgf_grammar_free(jsgf);
  return set ? absl::OkStatus() : absl::InternalError("The grammar cannot be used");
}

Heard Recognizer::Recognize(const std::vector<int16_t>& audio) {
  std::vector<std::string> readings;
  for (const double below_db : kNoiseDb) readings.push_back(Read(Noisy(audio, below_db)));
  if (WithoutManners(readings[0]) != WithoutManners(readings[1])) readings.push_back(Read(audio));
  return Weigh(readings);
}

std::string Recognizer::Read(const std::vector<int16_t>& audio) {
  ps_decoder_t* decoder = decoder_->decoder;
  const std::vector<int16_t> heard = Dithered(audio);
  ps_start_utt(decoder);
  ps_process_raw(decoder, heard.data(), heard.size(), FALSE, TRUE);
  ps_end_utt(decoder);
  const char* words = ps_get_hyp(decoder, nullptr);
  const std::string text = words == nullptr ? "" : words;
  const size_t filler = text.find(kFillerPrefix);
  if (filler == std::string::npos) return text;
  // Behind the wake word it is what nobody knows; else nothing was said to us.
  return filler == 0 ? "" : kWakeWord;
}

}  // namespace atrium::agent
