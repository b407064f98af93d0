#include "control/app.h"

#include <cstdlib>
#include <utility>

#include "common/admin.h"
#include "common/build_id.h"
#include "common/errors.h"
#include "common/file.h"
#include "common/log.h"
#include "common/process.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/rpc/server.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "control/agent/mcp/make_servers.h"
#include "control/agent/providers.h"
#include "control/auth/auth.h"
#include "control/figures.h"
#include "control/links/grpc_host_link.h"
#include "control/links/grpc_media_link.h"
#include "control/rpc/services.h"
#include "control/session/registry.h"
#include "control/store/store.h"

namespace atrium::control {
namespace {

constexpr absl::Duration kOwnerLinkLife = absl::Hours(24);

// A value that is made once and then kept in the store.
absl::StatusOr<std::string> KeptSecret(Store* store, const std::string& key) {
  ASSIGN_OR_RETURN(const Store::Records meta, store->Load(RecordKind::kMeta));
  for (const auto& [name, value] : meta) {
    if (name == key) return value;
  }
  const std::string fresh = RandomBytes(32);
  store->Commit({{RecordKind::kMeta, key, fresh}}, [](absl::Status) {});
  return fresh;
}

// Grows with each start, so that carriers can tell an old control from a new one.
absl::StatusOr<int64_t> NextFence(Store* store) {
  ASSIGN_OR_RETURN(const Store::Records meta, store->Load(RecordKind::kMeta));
  int64_t fence = 0;
  for (const auto& [name, value] : meta) {
    if (name == "fence") fence = std::atoll(value.c_str());
  }
  store->Commit({{RecordKind::kMeta, "fence", StrCat(++fence)}}, [](absl::Status) {});
  return fence;
}

absl::StatusOr<std::string> ReadSecret(const std::string& path) {
  ASSIGN_OR_RETURN(std::string secret, ReadFile(path));
  while (!secret.empty() && secret.back() <= ' ') secret.pop_back();
  if (secret.empty()) return BadField("--turn_secret_file", StrCat(path, " holds no secret"));
  return secret;
}

absl::StatusOr<std::string> ServiceToken(const std::string& path) {
  absl::StatusOr<std::string> token = ReadFile(path);
  if (absl::IsNotFound(token.status())) {
    token = RandomSecret();
    RETURN_IF_ERROR(WriteFileAtomically(path, *token, 0600));
  }
  RETURN_IF_ERROR(token.status());
  while (!token->empty() && (token->back() == '\n' || token->back() == ' ')) token->pop_back();
  return token;
}

// The link with which the one who started us gets in: the one of before as long as
// nobody used it.
absl::Status MakeOwnerLink(Loop* loop, Store* store, Auth* auth, Registry* registry,
                           const std::string& path) {
  ASSIGN_OR_RETURN(const Store::Records meta, store->Load(RecordKind::kMeta));
  for (const auto& [name, value] : meta) {
    if (name != "owner_invite") continue;
    if (auth->IsOpen(value) && ReadFile(path).ok()) return absl::OkStatus();
    auth->DropUnusedInvite(value);
  }
  atrium::v1::Invite invite;
  invite.set_role(atrium::v1::Participant::OWNER);
  invite.set_uses_left(1);
  *invite.mutable_expire_time() = ToProtoTime(loop->Now() + kOwnerLinkLife);
  const Actor ours{.kind = Actor::Kind::kService, .role = atrium::v1::Participant::OWNER};
  auth->CreateInvite(ours, registry->DefaultSession(), invite,
                     [path, store](absl::StatusOr<atrium::v1::Invite> made) {
                       absl::Status status = made.status();
                       if (made.ok()) {
                         store->Commit({{RecordKind::kMeta, "owner_invite", made->name()}},
                                       [](absl::Status) {});
                         status = WriteFileAtomically(path, made->secret(), 0600);
                       }
                       if (!status.ok()) {
                         LogError("cannot make the owner's link", {{"error", status.message()}});
                       }
                     });
  return absl::OkStatus();
}

}  // namespace

absl::Status RunApp(const Config& config) {
  RETURN_IF_ERROR(MakeDirectory(config.state_dir, /*private_to_us=*/true));
  std::unique_ptr<MainLoop> loop = NewMainLoop();
  ASSIGN_OR_RETURN(std::unique_ptr<Store> store,
                   OpenSqliteStore(loop.get(), config.state_dir + "/atrium.db"));
  ASSIGN_OR_RETURN(std::unique_ptr<TokenSigner> signer,
                   TokenSigner::FromFile(config.state_dir + "/signing.key"));
  ASSIGN_OR_RETURN(std::unique_ptr<TokenVerifier> verifier,
                   TokenVerifier::FromJwks(signer->PublicJwks()));
  ASSIGN_OR_RETURN(std::string service_token, ServiceToken(config.state_dir + "/service.token"));
  ASSIGN_OR_RETURN(const int64_t fence, NextFence(store.get()));
  ASSIGN_OR_RETURN(std::string attachment_key, KeptSecret(store.get(), "attachment_key"));
  ASSIGN_OR_RETURN(std::unique_ptr<ProviderFactory> providers, MakeProviders(loop.get(), config));

  Auth auth(loop.get(), store.get(), std::move(signer), std::move(verifier),
            {.no_auth = config.no_auth,
             .trust_localhost = config.trust_localhost,
             .service_token = std::move(service_token)});
  RETURN_IF_ERROR(auth.LoadFromStore());
  ASSIGN_OR_RETURN(const Profiles profiles, ReadProfiles(config));
  ASSIGN_OR_RETURN(const Meter::Tariff tariff, ReadTariff(config));
  Session::Context context{.loop = loop.get(),
                           .store = store.get(),
                           .auth = &auth,
                           .providers = providers.get(),
                           .profiles = profiles,
                           .tariff = tariff,
                           .attachment_key = std::move(attachment_key),
                           .state_epoch = RandomId(),
                           .build_id = std::string(kBuildId),
                           .allowed = {.calls = !config.forbid_calls,
                                       .screens = !config.forbid_screens,
                                       .agent_sight = !config.forbid_agent_sight}};
  ASSIGN_OR_RETURN(const std::unique_ptr<mcp::Servers> tool_servers,
                   mcp::MakeServers(loop.get(), config));
  context.tool_servers = tool_servers.get();
  context.turn.urls = config.turn_urls;
  if (!config.turn_secret_file.empty()) {
    ASSIGN_OR_RETURN(context.turn.secret, ReadSecret(config.turn_secret_file));
  }
  Figures figures;
  context.figures = &figures;
  Registry registry(&context);
  auth.set_listener(&registry);
  GrpcHostLink host(loop.get(), config.terminal, fence, &registry);
  GrpcMediaLink media(loop.get(), config.media, fence, &registry);
  context.host = &host;
  context.media = &media;
  RETURN_IF_ERROR(registry.LoadFromStore());
  RETURN_IF_ERROR(MakeOwnerLink(loop.get(), store.get(), &auth, &registry,
                                config.state_dir + "/owner.link"));

  const auto attach = atrium::terminal::v1::HostService::NewStub(rpc::UnixChannel(config.terminal));
  const Doors doors{loop.get(), &auth, &registry, attach.get()};
  SessionDoor sessions(doors);
  TabDoor tabs(doors);
  CaptureDoor captures(doors);
  ConversationDoor conversations(doors);
  TimelineDoor timelines(doors);
  AuthDoor auths(doors);
  LiveDoor lives(doors);
  ASSIGN_OR_RETURN(std::unique_ptr<rpc::Server> server,
                   rpc::Server::Start(loop.get(), {.socket_path = config.listen},
                                      {{"atrium.v1.SessionService", &sessions},
                                       {"atrium.v1.TabService", &tabs},
                                       {"atrium.v1.CaptureService", &captures},
                                       {"atrium.v1.ConversationService", &conversations},
                                       {"atrium.v1.TimelineService", &timelines},
                                       {"atrium.v1.AuthService", &auths},
                                       {"atrium.v1.LiveService", &lives}}));
  std::unique_ptr<Admin> admin;
  if (!config.admin_listen.empty()) {
    ASSIGN_OR_RETURN(admin, Admin::Listen(loop.get(), config.admin_listen, [&] {
                       return ToPrometheus(figures, registry.Present());
                     }));
  }
  host.Start();
  media.Start();
  if (tool_servers) tool_servers->Start();
  server->SetServing(true);
  LogInfo("serving", {{"socket", config.listen}, {"fence", fence}});
  const auto signals = OnTermination(loop.get(), [&] {
    LogInfo("stopping");
    server->Shutdown([&] { loop->Quit(); });
  });
  loop->Run();
  return absl::OkStatus();
}

}  // namespace atrium::control
