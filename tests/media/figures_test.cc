// What the media process tells of itself, as text.
#include "media/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atrium::media {
namespace {

using testing::HasSubstr;

TEST(MediaFiguresTest, X5_N3ConnectionsThatHaveEndedCountOnWithThoseThatAreThere) {
  Figures figures;
  figures.packets = {.in = 10, .out = 20, .decoded = 8, .repaired = 1, .concealed = 1, .late = 1};
  figures.connections = 2;
  figures.failed = {{"NOT_CONNECTED", 3}};
  figures.stills = 4;
  Presence now;
  now.rooms = 1;
  now.peers = {{"connected", 2}, {"connecting", 0}};
  now.captures = 1;
  now.packets = {.in = 5, .out = 7, .decoded = 4, .repaired = 2};
  now.ticks = 500;
  now.late_ticks = 6;
  now.dropped_frames = 9;
  const std::string text = ToPrometheus(figures, now);
  for (const char* line :
       {"# TYPE atrium_media_rooms gauge\n", "atrium_media_rooms 1\n",
        "atrium_media_peers{state=\"connected\"} 2\n",
        "atrium_media_peers{state=\"connecting\"} 0\n",
        "# TYPE atrium_media_received_packets_total counter\n",
        "atrium_media_received_packets_total 15\n", "atrium_media_sent_packets_total 27\n",
        "atrium_media_voice_packets_total{how=\"decoded\"} 12\n",
        "atrium_media_voice_packets_total{how=\"repaired\"} 3\n",
        "atrium_media_voice_packets_total{how=\"concealed\"} 1\n",
        "atrium_media_failed_total{reason=\"NOT_CONNECTED\"} 3\n", "atrium_media_stills_total 4\n",
        "atrium_media_connections_total 2\n", "atrium_media_captures 1\n",
        "atrium_media_ticks_total 500\n", "atrium_media_late_ticks_total 6\n",
        "atrium_media_dropped_frames_total 9\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace atrium::media
