// The terminal core against libvterm and libtsm: the same bytes, 64 KiB at a
// time, at 80x24, in MB per second of CPU. vt OURS|libvterm|libtsm.
#include <time.h>

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>

#include "terminal/screen/screen.h"
#ifdef HAVE_VTERM
#include <vterm.h>
#endif
#ifdef HAVE_TSM
#include <libtsm.h>
#endif

namespace {

constexpr size_t kInputBytes = 8 << 20;

// Always the same numbers.
class Numbers {
 public:
  uint32_t Next(uint32_t below) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>(state_ >> 33) % below;
  }

 private:
  uint64_t state_ = 1;
};

// What a build, a listing and a chat print, roughly.
std::string Make(const std::string& kind) {
  static const char* const kWords[] = {"the ", "compiling ", "src/main.cc ", "warning: ", "of ", "0x7ffe ", "done ", "in ", "12 ", "ms "};
  static const char* const kOther[] = {"é", "ß", "Ж", "漢", "字", "한", "→", "😀", "e\u0301", "─"};
  Numbers numbers;
  std::string out;
  out.reserve(kInputBytes + 256);
  while (out.size() < kInputBytes) {
    const uint32_t words = 4 + numbers.Next(10);
    for (uint32_t i = 0; i < words; ++i) {
      if (kind == "colour") {
        if (numbers.Next(4) == 0) {
          out += "\x1b[38;5;" + std::to_string(numbers.Next(256)) + "m";
        } else {
          out += "\x1b[" + std::to_string(numbers.Next(2)) + ";" + std::to_string(30 + numbers.Next(8)) + "m";
        }
      }
      if (kind == "unicode") {
        for (int j = 0; j < 4; ++j) out += kOther[numbers.Next(10)];
        out += ' ';
      } else {
        out += kWords[numbers.Next(10)];
      }
      if (kind == "colour") out += "\x1b[0m";
    }
    out += "\r\n";
  }
  return out;
}

double Cpu() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double Feed(const std::string& input, const std::function<void(std::string_view)>& write) {
  const double start = Cpu();
  for (size_t at = 0; at < input.size(); at += 64 << 10) {
    write(std::string_view(input).substr(at, 64 << 10));
  }
  return static_cast<double>(input.size()) / 1e6 / (Cpu() - start);
}

double Measure(const std::string& core, const std::string& input) {
#ifdef HAVE_VTERM
  if (core == "libvterm") {
    VTerm* terminal = vterm_new(24, 80);
    vterm_set_utf8(terminal, 1);
    VTermScreen* screen = vterm_obtain_screen(terminal);
    vterm_screen_enable_altscreen(screen, 1);
    vterm_screen_reset(screen, 1);
    const double rate = Feed(input, [&](std::string_view bytes) { vterm_input_write(terminal, bytes.data(), bytes.size()); });
    vterm_free(terminal);
    return rate;
  }
#endif
#ifdef HAVE_TSM
  if (core == "libtsm") {
    tsm_screen* screen = nullptr;
    tsm_vte* terminal = nullptr;
    tsm_screen_new(&screen, nullptr, nullptr);
    tsm_screen_resize(screen, 80, 24);
    tsm_screen_set_max_sb(screen, 10000);
    tsm_vte_new(&terminal, screen, [](tsm_vte*, const char*, size_t, void*) {}, nullptr, nullptr, nullptr);
    const double rate = Feed(input, [&](std::string_view bytes) { tsm_vte_input(terminal, bytes.data(), bytes.size()); });
    tsm_vte_unref(terminal);
    tsm_screen_unref(screen);
    return rate;
  }
#endif
  if (core == "ours") {
    atrium::screen::Screen screen({}, nullptr);
    return Feed(input, [&](std::string_view bytes) { screen.Write(bytes); });
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string core = count > 1 ? arguments[1] : "ours";
  std::printf("{");
  for (const char* kind : {"text", "colour", "unicode"}) {
    std::printf("%s\"%s\": %.1f", *kind == 't' ? "" : ", ", kind, Measure(core, Make(kind)));
  }
  std::printf("}\n");
}
