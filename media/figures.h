// Figures is what the media process counts about itself, for /metrics (X5, N3): how many and
// how often; never who, and nothing of what was said or shown. Pure.
//
// On the loop.
#ifndef ATRIUM_MEDIA_FIGURES_H_
#define ATRIUM_MEDIA_FIGURES_H_

#include <cstdint>
#include <map>
#include <string>

namespace atrium::media {

// RTP packets of one connection, or of several.
struct Packets {
  int64_t in = 0, out = 0;
  // What became of voices: played as it came; lost and made of the next one; lost or too
  // late and made up; come after that.
  int64_t decoded = 0, repaired = 0, concealed = 0, late = 0;

  void Add(const Packets& more);
};

// Since the process began.
struct Figures {
  Packets packets;                        // Of connections that have ended.
  int64_t connections = 0;                // That came about.
  std::map<std::string, int64_t> failed;  // That did not, or broke, by reason.
  // Pictures of screens that were taken, and that could not be.
  int64_t stills = 0, stills_failed = 0;
};

// What there is at this moment.
struct Presence {
  int64_t rooms = 0, agents = 0;         // Of those, with the agent's audio.
  std::map<std::string, int64_t> peers;  // By state.
  int64_t screen_peers = 0;              // Of those, of screens.
  int64_t captures = 0;                  // Screens of which something comes.
  Packets packets;                       // Of connections that there are.
  // Of the clock and the senders, since the process began.
  int64_t ticks = 0, late_ticks = 0, encoded_frames = 0, dropped_frames = 0;
};

// As Prometheus reads it, text format 0.0.4.
std::string ToPrometheus(const Figures& figures, const Presence& now);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_FIGURES_H_
