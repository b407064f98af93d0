// CallPeer stands in for a browser: a webrtcbin that offers, says a tone or a
// recording, and measures what it hears.
//
// Its methods may be called on any thread; its state is locked.
#ifndef ATRIUM_TESTS_MEDIA_CALL_PEER_H_
#define ATRIUM_TESTS_MEDIA_CALL_PEER_H_

#include <atomic>
#include <deque>
#include <mutex>
#include <string>

#include "media/gst_ref.h"

namespace atrium::media {

class CallPeer {
 public:
  struct Voice {
    double hertz = 0;  // A tone; 0: nothing but silence.
    std::string wav;   // Rather this recording.
    bool listens_only = false;
    int video_bps = 256000;  // Of what is shown.
    std::string shows;     // Not a voice but a screen: white, or another pattern's name.
    bool watches = false;  // Not a voice but somebody's screen.
    bool answers = false;  // Makes no offer: takes one, and watches.
    std::string address = "127.0.0.1";  // Where it is.
  };

  explicit CallPeer(Voice voice);
  ~CallPeer();

  // Empty until it is made; of one that answers, its answer.
  std::string offer() const;
  void TakeOffer(const std::string& sdp);
  void TakeAnswer(const std::string& sdp);
  // Of the packets that come from now on so many percent are lost on the way.
  void Lose(int percent);
  // Sends nothing from now on, not even silence.
  void Freeze();
  // Goes on; `sent_at` is when the first packet then left.
  void Thaw();

  bool connected() const { return connected_; }
  int64_t packets() const { return packets_; }
  // Monotonic microseconds of the first packet.
  int64_t first_packet_at() const { return first_packet_at_; }
  // The tone's amplitude in the last 200 ms that were heard; 0 before.
  double Hears(double hertz) const;
  // Forgets what was heard.
  void ForgetHeard();
  // Monotonic microseconds of the first packet since Thaw(), and of the first that was
  // more than silence since ForgetHeard(); 0 before.
  int64_t sent_at() const { return sent_at_; }
  int64_t loud_at() const { return loud_at_; }
  // Pictures that were decoded, and how bright the middle of the last one is: 16 is
  // black, 235 white.
  int pictures() const { return pictures_; }
  int brightness() const { return brightness_; }

 private:
  static void OnPadAdded(GstElement* webrtc, GstPad* pad, CallPeer* self);
  void Watch(GstPad* pad);
  static void OnState(GstElement* webrtc, GParamSpec* property, CallPeer* self);
  void SetRemote(GstWebRTCSDPType type, const std::string& sdp, GstPromise* then);
  static void Describe(GstElement* webrtc, const char* how);
  static void OnNegotiation(GstElement* webrtc, CallPeer* self);

  GRef<GstElement> pipeline_, webrtc_;
  mutable std::mutex mu_;
  std::deque<int16_t> heard_;
  std::string offer_;
  std::atomic<bool> connected_{false};
  std::atomic<int64_t> packets_{0}, first_packet_at_{0};
  std::atomic<int64_t> sent_at_{0}, loud_at_{0};
  std::atomic<int> lose_percent_{0}, lost_{0};
  std::atomic<int> pictures_{0}, brightness_{0};
};

}  // namespace atrium::media

#endif  // ATRIUM_TESTS_MEDIA_CALL_PEER_H_
