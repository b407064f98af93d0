#include "media/figures.h"

#include "common/exposition.h"

namespace atrium::media {

void Packets::Add(const Packets& more) {
  in += more.in;
  out += more.out;
  decoded += more.decoded;
  repaired += more.repaired;
  concealed += more.concealed;
  late += more.late;
}

std::string ToPrometheus(const Figures& f, const Presence& now) {
  Packets packets = f.packets;
  packets.Add(now.packets);
  Exposition out("atrium_media_");
  out.One("rooms", "gauge", "Sessions with audio or screens.", now.rooms);
  out.One("agents", "gauge", "Of those, with the agent's audio.", now.agents);
  out.Each("peers", "gauge", "Connections that there are.", "state", now.peers);
  out.One("screen_peers", "gauge", "Of those, of screens.", now.screen_peers);
  out.One("captures", "gauge", "Screens of which something comes.", now.captures);
  out.One("connections_total", "counter", "Connections that came about.", f.connections);
  out.Each("failed_total", "counter", "Connections that did not come about, or broke.", "reason",
           f.failed);
  out.One("ticks_total", "counter", "Turns of the mixer, of 20 ms.", now.ticks);
  out.One("late_ticks_total", "counter", "Of those, more than 5 ms late.", now.late_ticks);
  out.One("encoded_frames_total", "counter", "Mixes that were encoded.", now.encoded_frames);
  out.One("dropped_frames_total", "counter", "Frames of rooms for which no sender had time.",
          now.dropped_frames);
  out.One("received_packets_total", "counter", "RTP packets that came.", packets.in);
  out.One("sent_packets_total", "counter", "RTP packets that were sent.", packets.out);
  out.Each("voice_packets_total", "counter",
           "What voices were made of: packets as they came, lost ones out of the next "
           "(repaired), lost or late ones made up (concealed); and those that came after that "
           "(late).",
           "how",
           {{"decoded", packets.decoded},
            {"repaired", packets.repaired},
            {"concealed", packets.concealed},
            {"late", packets.late}});
  out.One("stills_total", "counter", "Pictures of screens that were taken.", f.stills);
  out.One("stills_failed_total", "counter", "Pictures that could not be taken.", f.stills_failed);
  return out.text();
}

}  // namespace atrium::media
