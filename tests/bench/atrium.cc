// Measures a running Atrium from outside: atrium PORT OWNER_SECRET MODE ARGUMENTS.
// One line of JSON to stdout.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "viewer.h"

namespace bench {
namespace {

struct Atrium {
  int port;
  // What proves who each is: the cookie, and the key that goes with it.
  std::vector<std::string> proofs, sessions;
  int pages = 0;

  static std::string CookieOf(const std::string& head) {
    const size_t at = head.find("Set-Cookie: ");
    if (at == std::string::npos) Die("no cookie: " + head);
    return head.substr(at + 12, head.find(';', at) - at - 12);
  }
  void Enter(const std::string& secret) {
    std::string head;
    const std::string answer = Post(port, "/join/" + secret, "", &head);
    sessions.push_back(Quoted(answer, "\"session\":\""));
    proofs.push_back("Cookie: " + CookieOf(head) + "\r\nAtrium-Key: " +
                     Quoted(answer, "\"key\":\"") + "\r\n");
  }
  std::string Ticket(size_t who) {
    std::string head;
    const std::string answer = Post(port, "/ticket", proofs[who], &head,
                                    "{\"session\":\"" + sessions[who] + "\"}");
    const std::string ticket = Quoted(answer, "\"ticket\":\"");
    if (ticket.empty()) Die("no ticket: " + answer);
    return ticket;
  }
  std::unique_ptr<Viewer> Open(size_t who) {
    char page[32];
    std::snprintf(page, sizeof page, "bench-page-%08d", ++pages);
    auto viewer = std::make_unique<Viewer>(port, Ticket(who), sessions[who], page);
    viewer->keeps_words = true;
    viewer->Until([&] { return viewer->welcomed; }, "the welcome");
    return viewer;
  }
  std::string Ask(Viewer* viewer, const std::string& json, const std::string& before) {
    viewer->words.clear();
    viewer->SayJson("{\"requestId\":\"7\"," + json + "}");
    std::string found;
    viewer->Until(
        [&] {
          const size_t at = viewer->words.find("\"outcome\"");
          if (at != std::string::npos) found = Quoted(viewer->words.substr(at), before);
          return !found.empty();
        },
        json.c_str());
    return found;
  }
  std::string OpenTab(Viewer* viewer) {
    return Ask(viewer, "\"createTab\":{\"tab\":{\"command\":[\"/bin/bash\",\"--norc\",\"--noprofile\"]}}",
               "\"tab\":{\"name\":\"");
  }
  // More people, so that each has few pages.
  void Invite(Viewer* owner, size_t people) {
    const std::string secret = Ask(owner, "\"createInvite\":{\"invite\":{\"role\":\"EDITOR\"}}", "\"secret\":\"");
    while (proofs.size() < people) Enter(secret);
  }
};

// Subscribed, with the shell's prompt on its screen.
void Follow(Viewer* viewer, const std::string& tab, bool lossless) {
  viewer->Subscribe(tab, lossless);
  const double start = Now();
  viewer->Until([&] { return viewer->screens > 0 || (lossless && Now() - start > 0.5); }, "the screen");
}

void TypeAndWait(Viewer* viewer, const std::string& command) {
  const int marks = viewer->marks;
  viewer->Type(command + "; printf '\\036'\n");
  viewer->Until([&] { return viewer->marks > marks; }, "the end of a command");
}

// One viewer who may miss nothing: MB/s until the end of the file is seen.
void Bulk(Atrium* atrium, const std::string& file) {
  auto viewer = atrium->Open(0);
  Follow(viewer.get(), atrium->OpenTab(viewer.get()), true);
  TypeAndWait(viewer.get(), "stty -echo; PS1=");
  const int64_t before = viewer->output_bytes;
  const double start = Now();
  TypeAndWait(viewer.get(), "cat " + file);
  const double seconds = Now() - start;
  std::printf("{\"mb_s\": %.2f, \"screens\": %d}\n",
              static_cast<double>(viewer->output_bytes - before) / 1e6 / seconds, viewer->screens);
}

// `count` viewers, of whom `stalled` stop reading: what the others get for `seconds`.
void Fan(Atrium* atrium, int count, int stalled, double seconds, const std::string& file) {
  auto typist = atrium->Open(0);
  const std::string tab = atrium->OpenTab(typist.get());
  atrium->Invite(typist.get(), 2 + static_cast<size_t>(count) / 10);
  Follow(typist.get(), tab, false);
  TypeAndWait(typist.get(), "stty -echo; PS1=");
  std::vector<std::unique_ptr<Viewer>> viewers;
  const int poll_fd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    auto viewer = atrium->Open(1 + static_cast<size_t>(i) / 10);
    Follow(viewer.get(), tab, false);
    viewer->keeps_words = false;
    viewer->discards = true;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<uint32_t>(i);
    // The stalled ones are never read again.
    if (i >= stalled) epoll_ctl(poll_fd, EPOLL_CTL_ADD, viewer->fd(), &event);
    viewers.push_back(std::move(viewer));
  }
  typist->Type("while cat " + file + "; do :; done\n");
  typist->SayJson("{\"unsubscribe\":{\"tab\":\"" + tab + "\"}}");
  std::vector<int64_t> before(viewers.size()), offsets(viewers.size());
  std::vector<int> screens(viewers.size());
  double start = Now();
  rusage used{};
  bool warm = false;
  for (;;) {
    if (!warm && Now() - start > 1) {
      warm = true;
      start = Now();
      getrusage(RUSAGE_SELF, &used);
      for (size_t i = 0; i < viewers.size(); ++i) {
        before[i] = viewers[i]->output_bytes + viewers[i]->screen_bytes;
        offsets[i] = viewers[i]->offset;
        screens[i] = viewers[i]->screens;
      }
    }
    if (warm && Now() - start > seconds) break;
    epoll_event events[64];
    const int n = epoll_wait(poll_fd, events, 64, 100);
    for (int i = 0; i < n; ++i) {
      Viewer* viewer = viewers[events[i].data.u32].get();
      for (int reads = 0; reads < 4; ++reads) viewer->Read(false);
      if (viewer->closed) Die("a viewer was cut off");
    }
  }
  const double took = Now() - start;
  rusage end{};
  getrusage(RUSAGE_SELF, &end);
  const auto cpu = [](const rusage& r) {
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
  };
  std::vector<double> each, shown;
  double total = 0;
  int skips = 0;
  for (size_t i = static_cast<size_t>(stalled); i < viewers.size(); ++i) {
    const int64_t all = viewers[i]->output_bytes + viewers[i]->screen_bytes;
    each.push_back(static_cast<double>(all - before[i]) / 1e6 / took);
    shown.push_back(static_cast<double>(viewers[i]->offset - offsets[i]) / 1e6 / took);
    total += each.back();
    skips += viewers[i]->screens - screens[i];
  }
  std::printf("{\"mb_s\": %.2f, \"each\": %.3f, \"program\": %.2f, \"screens\": %d, \"reader_cpu\": %.2f}\n", total,
              Quantile(each, 0.5), Quantile(shown, 0.5), skips, (cpu(end) - cpu(used)) / took);
  std::fflush(stdout);
  std::_Exit(0);
}

// One key typed until it is seen.
void Echo(Atrium* atrium, int keys) {
  auto viewer = atrium->Open(0);
  Follow(viewer.get(), atrium->OpenTab(viewer.get()), false);
  TypeAndWait(viewer.get(), "PS1=");
  viewer->Type("cat\n");
  usleep(300000);
  std::vector<double> times;
  for (int i = 0; i < keys; ++i) {
    while (true) {
      pollfd ready{viewer->fd(), POLLIN, 0};
      if (poll(&ready, 1, 0) <= 0) break;
      viewer->Read(false);
    }
    const int64_t before = viewer->output_bytes;
    const double start = Now();
    viewer->Type(i % 60 == 59 ? "\n" : "a");
    viewer->Until([&] { return viewer->output_bytes > before; }, "the echo");
    times.push_back((Now() - start) * 1e6);
    usleep(2000);
  }
  std::printf("{\"p50\": %.1f, \"p99\": %.1f}\n", Quantile(times, 0.5), Quantile(times, 0.99));
}

// From subscribing to the last piece of the screen, with `lines` of scrollback.
void Join(Atrium* atrium, int lines, int times) {
  auto first = atrium->Open(0);
  const std::string tab = atrium->OpenTab(first.get());
  Follow(first.get(), tab, false);
  TypeAndWait(first.get(), "seq -f 'line %06.0f of a build that says a little of what it does' 1 " +
                               std::to_string(lines + 24));
  std::vector<double> took;
  int64_t bytes = 0;
  for (int i = 0; i < times; ++i) {
    auto late = atrium->Open(0);
    usleep(50000);
    late->Read(false);
    const double start = Now();
    late->Subscribe(tab, false);
    late->Until([&] { return late->screens > 0; }, "the screen");
    took.push_back((Now() - start) * 1e3);
    bytes = late->screen_bytes;
  }
  std::printf("{\"ms\": %.2f, \"p99\": %.2f, \"bytes\": %lld}\n", Quantile(took, 0.5), Quantile(took, 0.99),
              static_cast<long long>(bytes));
}

// With `count` sockets open, each following one of ten tabs: connecting once more,
// ticket included, until the welcome; and a command's round trip, in turn in each tab.
void Crowd(Atrium* atrium, int count, int times) {
  auto owner = atrium->Open(0);
  std::vector<std::string> tabs;
  for (int i = 0; i < 10; ++i) tabs.push_back(atrium->OpenTab(owner.get()));
  atrium->Invite(owner.get(), 2 + static_cast<size_t>(count) / 10);
  std::vector<std::unique_ptr<Viewer>> viewers;
  for (int i = 0; i < count; ++i) {
    viewers.push_back(atrium->Open(1 + static_cast<size_t>(i) / 10));
    Follow(viewers.back().get(), tabs[static_cast<size_t>(i) % 10], false);
  }
  const auto drain = [&] {
    for (auto& viewer : viewers) {
      while (true) {
        pollfd ready{viewer->fd(), POLLIN, 0};
        if (poll(&ready, 1, 0) <= 0) break;
        viewer->Read(false);
      }
    }
  };
  std::vector<double> connects, commands;
  for (int i = 0; i < times; ++i) {
    drain();
    double start = Now();
    auto late = atrium->Open(0);
    connects.push_back((Now() - start) * 1e3);
    Viewer* typist = viewers[static_cast<size_t>(i % count)].get();
    start = Now();
    TypeAndWait(typist, "true");
    commands.push_back((Now() - start) * 1e3);
  }
  std::printf("{\"connect\": %.2f, \"connect_p99\": %.2f, \"command\": %.2f, \"command_p99\": %.2f}\n",
              Quantile(connects, 0.5), Quantile(connects, 0.99), Quantile(commands, 0.5), Quantile(commands, 0.99));
}

// Kilobytes that are these processes' own, shared pages by their share.
int64_t Memory(const std::vector<int>& processes) {
  int64_t sum = 0;
  for (const int process : processes) {
    std::ifstream file("/proc/" + std::to_string(process) + "/smaps_rollup");
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("Pss:", 0) == 0) sum += std::atoll(line.c_str() + 4);
    }
  }
  return sum;
}

// What `count` idle viewers of one tab cost these processes each, and `tabs` idle tabs
// that nobody looks at; both after as many were there before, for what stays allocated.
void Idle(Atrium* atrium, int count, int tabs, const std::vector<int>& processes) {
  auto owner = atrium->Open(0);
  const std::string tab = atrium->OpenTab(owner.get());
  atrium->Invite(owner.get(), 2 + static_cast<size_t>(count) / 5);
  std::vector<std::unique_ptr<Viewer>> viewers;
  int64_t at[2][2];
  for (auto& round : at) {
    round[0] = Memory(processes);
    for (int i = 0; i < count; ++i) {
      viewers.push_back(atrium->Open(1 + viewers.size() / 10));
      Follow(viewers.back().get(), tab, false);
    }
    round[1] = Memory(processes);
  }
  const int64_t before = Memory(processes);
  for (int i = 0; i < tabs; ++i) atrium->OpenTab(owner.get());
  usleep(500000);
  std::printf("{\"viewer\": %.1f, \"tab\": %.1f}\n", static_cast<double>(at[1][1] - at[1][0]) / count,
              static_cast<double>(Memory(processes) - before) / tabs);
}

// Pages that were there come back, `at_once` on their way at a time: 10 of each
// person that was let in.
void Reconnect(Atrium* atrium, int at_once) {
  const int count = 10 * static_cast<int>(atrium->proofs.size());
  double took = 0;
  size_t refused = 0;
  for (int round = 0; round < 2; ++round) {
    std::vector<std::string> tickets;
    for (int i = 0; i < count; ++i) tickets.push_back(atrium->Ticket(static_cast<size_t>(i) / 10));
    const int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    std::vector<std::unique_ptr<Viewer>> viewers;
    std::vector<char> counted(static_cast<size_t>(count));
    int welcomed = 0;
    const double start = Now();
    while (welcomed + static_cast<int>(refused) < count) {
      while (static_cast<int>(viewers.size()) < std::min(count, welcomed + static_cast<int>(refused) + at_once)) {
        const size_t i = viewers.size();
        char page[32];
        std::snprintf(page, sizeof page, "again-page-%08zu", i);
        viewers.push_back(std::make_unique<Viewer>(atrium->port, tickets[i], atrium->sessions[i / 10], page));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u32 = static_cast<uint32_t>(i);
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, viewers[i]->fd(), &event);
      }
      epoll_event events[256];
      const int n = epoll_wait(poll_fd, events, 256, 1000);
      for (int i = 0; i < n; ++i) {
        const uint32_t which = events[i].data.u32;
        Viewer* viewer = viewers[which].get();
        viewer->Read(false);
        if (viewer->closed && !counted[which]) ++refused;
        if ((viewer->welcomed || viewer->closed) && !counted[which]) {
          counted[which] = 1;
          welcomed += viewer->welcomed;
        }
        if (viewer->closed) epoll_ctl(poll_fd, EPOLL_CTL_DEL, viewer->fd(), nullptr);
      }
      if (Now() - start > 60) Die("not all came back");
    }
    took = Now() - start;
    close(poll_fd);
  }
  std::printf("{\"per_s\": %.1f, \"refused\": %zu}\n", count / took, refused);
}

}  // namespace
}  // namespace bench

int main(int count, char** arguments) {
  using namespace bench;
  if (count < 4) Die("atrium PORT OWNER_SECRET bulk|fan|echo|join|crowd|idle|reconnect ...");
  const auto number = [&](int i) { return count > i ? std::atoi(arguments[i]) : 0; };
  Atrium atrium{number(1), {}, {}};
  // One secret, or several with commas: a person in each room.
  for (std::string rest = arguments[2]; !rest.empty();) {
    const size_t end = std::min(rest.find(','), rest.size());
    atrium.Enter(rest.substr(0, end));
    rest.erase(0, end + 1);
  }
  const std::string mode = arguments[3];
  if (mode == "bulk") Bulk(&atrium, arguments[4]);
  if (mode == "fan") Fan(&atrium, number(4), number(5), number(6), arguments[7]);
  if (mode == "echo") Echo(&atrium, number(4));
  if (mode == "join") Join(&atrium, number(4), number(5));
  if (mode == "crowd") Crowd(&atrium, number(4), number(5));
  if (mode == "idle") Idle(&atrium, number(4), number(5), {number(6), number(7), number(8)});
  if (mode == "reconnect") Reconnect(&atrium, number(4));
}
