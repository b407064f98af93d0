#include "common/rpc/server.h"

#include <fcntl.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/server_posix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <thread>

#include "common/str_cat.h"
#include "common/errors.h"
#include "common/limits.h"
#include "common/log.h"
#include "common/rpc/unary.h"
#include "common/status_macros.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace atrium::rpc {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr int kBacklog = 128;
// How long accepting rests after the kernel refused a descriptor.
constexpr absl::Duration kAcceptRest = absl::Milliseconds(200);

class HealthService final : public Health::CallbackService {
 public:
  explicit HealthService(Loop* loop) : loop_(loop) {}

  void AddService(std::string name) { names_.insert(std::move(name)); }
  void SetServing(bool serving) {
    serving_ = serving;
    for (Watcher* watcher : watchers_) watcher->Tell(StatusOf(watcher->service()));
  }

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const HealthCheckRequest* request,
                                  HealthCheckResponse* response) override {
    return Serve<HealthCheckResponse>(loop_, context, response, [this, request](auto reply) {
      HealthCheckResponse answer;
      answer.set_status(StatusOf(request->service()));
      if (answer.status() == HealthCheckResponse::SERVICE_UNKNOWN) {
        return reply(absl::NotFoundError(
            StrCat("No service ", request->service(), ": see the reflection service")));
      }
      reply(std::move(answer));
    });
  }

  grpc::ServerWriteReactor<HealthCheckResponse>* Watch(grpc::CallbackServerContext*,
                                                       const HealthCheckRequest* request) override {
    return new Watcher(this, request->service());
  }

 private:
  class Watcher final : public grpc::ServerWriteReactor<HealthCheckResponse> {
   public:
    Watcher(HealthService* owner, std::string service)
        : owner_(owner), service_(std::move(service)) {
      owner_->loop_->Post([this] {
        owner_->watchers_.insert(this);
        Tell(owner_->StatusOf(service_));
      });
    }
    const std::string& service() const { return service_; }
    void Tell(HealthCheckResponse::ServingStatus status) {
      wanted_ = status;
      if (writing_ || finished_ || told_ == static_cast<int>(wanted_)) return;
      told_ = wanted_;
      message_.set_status(wanted_);
      writing_ = true;
      StartWrite(&message_);
    }
    void OnWriteDone(bool ok) override {
      owner_->loop_->Post([this, ok] {
        writing_ = false;
        if (ok && !cancelled_) return Tell(wanted_);
        End();
      });
    }
    void OnCancel() override {
      owner_->loop_->Post([this] {
        cancelled_ = true;
        if (!writing_) End();
      });
    }
    void OnDone() override {
      owner_->loop_->Post([this] {
        owner_->watchers_.erase(this);
        delete this;
      });
    }

   private:
    void End() {
      if (!std::exchange(finished_, true)) Finish(grpc::Status::OK);
    }
    HealthService* const owner_;
    const std::string service_;
    HealthCheckResponse message_;
    HealthCheckResponse::ServingStatus wanted_ = HealthCheckResponse::UNKNOWN;
    int told_ = -1;
    bool writing_ = false, finished_ = false, cancelled_ = false;
  };

  HealthCheckResponse::ServingStatus StatusOf(const std::string& service) const {
    if (!service.empty() && names_.count(service) == 0) return HealthCheckResponse::SERVICE_UNKNOWN;
    return serving_ ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
  }

  Loop* const loop_;
  std::set<std::string> names_;
  std::set<Watcher*> watchers_;
  bool serving_ = false;
};

// Removes the socket of an earlier run; never anything else.
absl::Status RemoveSocket(const std::string& path) {
  struct stat file{};
  if (lstat(path.c_str(), &file) != 0) {
    return errno == ENOENT ? absl::OkStatus() : SystemError("look at", path, errno);
  }
  if (!S_ISSOCK(file.st_mode)) {
    return BadField("listen", StrCat("names ", path, ", which is there and is not a socket"));
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError("remove", path, errno);
  return absl::OkStatus();
}

absl::StatusOr<int> Listen(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return BadField("listen", StrCat("is too long for a unix socket: ", path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  RETURN_IF_ERROR(RemoveSocket(path));
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return SystemError("make a socket for", path, errno);
  const mode_t old = umask(0077);
  const int bound = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
  const int error = errno;
  umask(old);
  if (bound != 0 || listen(fd, kBacklog) != 0) {
    close(fd);
    return SystemError("listen on", path, bound != 0 ? error : errno);
  }
  return fd;
}

class UnixServer final : public Server {
 public:
  UnixServer(Loop* loop, Options options)
      : loop_(loop), options_(std::move(options)), health_(loop) {}
  ~UnixServer() override {
    watch_.reset();
    if (listen_fd_ >= 0) {
      close(listen_fd_);
      const absl::Status removed = RemoveSocket(options_.socket_path);
      if (!removed.ok()) LogWarning("left a socket behind", {{"error", removed.message()}});
    }
    if (shutdown_.joinable()) shutdown_.join();
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }

  absl::Status Begin(std::vector<NamedService> services) {
    ASSIGN_OR_RETURN(listen_fd_, Listen(options_.socket_path));
    grpc::EnableDefaultHealthCheckService(false);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(limits::kRpcMessageBytes);
    builder.SetMaxSendMessageSize(limits::kRpcMessageBytes);
    // Channels ask often whether we are there.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    builder.RegisterService(&health_);
    for (const NamedService& service : services) {
      builder.RegisterService(service.service);
      health_.AddService(service.name);
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return absl::InternalError("gRPC could not start a server");
    watch_ = loop_->WatchReadable(listen_fd_, [this] { Accept(); });
    return absl::OkStatus();
  }

  void SetServing(bool serving) override { health_.SetServing(serving); }

  void Shutdown(Loop::Fn done) override {
    watch_.reset();
    health_.SetServing(false);
    shutdown_ = std::thread([this, done = std::move(done)]() mutable {
      server_->Shutdown(std::chrono::system_clock::now());
      loop_->Post(std::move(done));
    });
  }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept4(listen_fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ECONNABORTED || errno == EINTR) return;
        // Out of descriptors or memory: the waiting peer stays in the backlog.
        LogWarning("cannot accept", {{"socket", options_.socket_path}, {"error", strerror(errno)}});
        watch_.reset();
        rest_ = loop_->After(kAcceptRest, [this] {
          watch_ = loop_->WatchReadable(listen_fd_, [this] { Accept(); });
        });
        return;
      }
      if (!Allowed(fd)) {
        close(fd);
        continue;
      }
      grpc::AddInsecureChannelFromFd(server_.get(), fd);
    }
  }

  bool Allowed(int fd) const {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    const bool known = peer.uid == geteuid() || peer.uid == 0 ||
                       std::count(options_.peer_uids.begin(), options_.peer_uids.end(), peer.uid) > 0;
    if (!known) {
      LogWarning("refused a peer", {{"socket", options_.socket_path}, {"uid", peer.uid}});
    }
    return known;
  }

  // Given.
  Loop* const loop_;
  const Options options_;
  // Owned.
  HealthService health_;
  std::unique_ptr<grpc::Server> server_;
  std::thread shutdown_;
  int listen_fd_ = -1;
  Loop::HandlePtr watch_, rest_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Loop* loop, Options options,
                                                      std::vector<NamedService> services) {
  auto server = std::make_unique<UnixServer>(loop, std::move(options));
  RETURN_IF_ERROR(server->Begin(std::move(services)));
  return server;
}

namespace {

int Milliseconds(absl::Duration time) { return static_cast<int>(absl::ToInt64Milliseconds(time)); }

}  // namespace

std::shared_ptr<grpc::Channel> UnixChannel(const std::string& socket_path) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(limits::kRpcMessageBytes);
  arguments.SetMaxSendMessageSize(limits::kRpcMessageBytes);
  // The least that gRPC takes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(limits::kRpcPingInterval));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(limits::kRpcPingPatience));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return grpc::CreateCustomChannel("unix:" + socket_path, grpc::InsecureChannelCredentials(),
                                   arguments);
}

}  // namespace atrium::rpc
