#include "media/desk.h"

#include <algorithm>
#include <utility>

#include "media/hearing.h"

namespace atrium::media {
namespace {

constexpr int kLevelFrames = 5;  // Ten times a second.
constexpr char kAgent[] = "agent";
// The encode of first frames: 0 is the room's, a connection's is its own id.
constexpr int64_t kGreeting = -1;

}  // namespace

Desk::Desk(Fanout* fanout, int64_t room, Hooks hooks)
    : fanout_(fanout), room_(room), hooks_(std::move(hooks)) {}

Desk::~Desk() { fanout_->Forget(room_); }

void Desk::SetSeats(AudioMode mode, std::vector<Seat> seats) {
  Fanout::Mix greeting{.encode = kGreeting};
  for (const Seat& seat : seats) {
    const auto same = [&seat](const Seat& old) { return old.id == seat.id; };
    const bool known = std::any_of(plan_->seats.begin(), plan_->seats.end(), same);
    if (!known && !seat.deafened && seat.out != nullptr) greeting.to.push_back(seat.out);
  }
  if (!greeting.to.empty() && newest_pts_ != 0) fanout_->Send(room_, newest_pts_, {greeting});
  auto plan = std::make_shared<Plan>(Plan{mode, std::move(seats)});
  std::lock_guard<std::mutex> lock(mu_);
  plan_ = std::move(plan);
}

void Desk::Tick(int64_t frame, GstClockTime pts) {
  std::shared_ptr<const Plan> plan;
  {
    std::lock_guard<std::mutex> lock(mu_);
    plan = plan_;
  }
  newest_pts_ = pts;
  if (first_frame_ < 0) first_frame_ = frame;
  frames_.resize(plan->seats.size());
  std::vector<Mixer::Input> inputs(plan->seats.size());
  for (size_t i = 0; i < plan->seats.size(); ++i) {
    const Seat& seat = plan->seats[i];
    // What a muted one says is taken too, so that it is not heard later.
    const bool heard = seat.in->Pop(&frames_[i]) && !seat.muted;
    inputs[i] = {seat.id, heard ? &frames_[i] : nullptr, seat.withheld, seat.volume_percent};
  }
  const bool agent = port_.Play(&agent_frame_);
  mixer_.Take(inputs, agent ? &agent_frame_ : nullptr);
  Speak(*plan, pts);
  Listen(*plan, frame - first_frame_);
  Measure(*plan, frame % kLevelFrames == 0);
}

// To the people.
void Desk::Speak(const Plan& plan, GstClockTime pts) {
  std::vector<Ear> ears;
  for (size_t i = 0; i < plan.seats.size(); ++i) {
    const Seat& seat = plan.seats[i];
    ears.push_back({seat.id, seat.deafened || seat.out == nullptr, mixer_.levels()[i].mixed});
  }
  std::vector<Fanout::Mix> mixes;
  for (const Encode& encode : WhoHearsWhat(plan.mode, ears)) {
    Fanout::Mix mix{.encode = encode.without, .pcm = mixer_.Mix(encode.voices, encode.without)};
    for (size_t ear : encode.ears) mix.to.push_back(plan.seats[ear].out);
    mixes.push_back(std::move(mix));
  }
  fanout_->Send(room_, pts, std::move(mixes));
}

// To the agent.
void Desk::Listen(const Plan& plan, int64_t frame) {
  AgentPort::RoomFrame room{.position = frame * static_cast<int64_t>(kFrameSamples),
                            .pcm = mixer_.All()};
  for (size_t i = 0; i < plan.seats.size(); ++i) {
    const Mixer::Level& level = mixer_.levels()[i];
    if (plan.seats[i].withheld) continue;
    if (level.dbfs > kAudibleDbfs) room.voices.push_back({plan.seats[i].participant, level.dbfs});
  }
  port_.GiveRoomFrame(std::move(room));
  if (port_.TakeNews()) hooks_.on_port_news();
}

void Desk::Measure(const Plan& plan, bool tell) {
  const auto note = [this](const std::string& speaker, const Mixer::Level& level) {
    if (level.dbfs <= kAudibleDbfs && !level.speaking) return;
    Peak& peak = peaks_[speaker];
    peak.dbfs = std::max(peak.dbfs, level.dbfs);
    peak.speaking = peak.speaking || level.speaking;
  };
  for (size_t i = 0; i < plan.seats.size(); ++i) {
    note(plan.seats[i].participant, mixer_.levels()[i]);
  }
  note(kAgent, mixer_.agent());
  if (!tell || (peaks_.empty() && !told_anybody_)) return;
  told_anybody_ = !peaks_.empty();
  std::vector<std::pair<std::string, Peak>> order(peaks_.begin(), peaks_.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second.dbfs > b.second.dbfs; });
  peaks_.clear();
  atrium::v1::AudioLevels levels;
  for (const auto& [speaker, peak] : order) {
    auto* level = levels.add_levels();
    level->set_speaker(speaker);
    level->set_dbfs(peak.dbfs);
    level->set_speaking(peak.speaking);
  }
  hooks_.on_levels(std::move(levels));
}

}  // namespace atrium::media
