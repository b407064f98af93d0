// Page is what all sockets of a participant have in common: a Join stream to
// control, the tabs that it follows, and the connection. What is said on the
// socket, and how, is its subclass's: Browser speaks our own messages, the sockets
// in compat/ those of other systems.
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_BRIDGE_PAGE_H_
#define ATRIUM_GATEWAY_BRIDGE_PAGE_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "atrium/v1/live.pb.h"
#include "gateway/bridge/cursor.h"
#include "gateway/bridge/feeds.h"
#include "gateway/bridge/join_link.h"
#include "gateway/bridge/lag.h"
#include "gateway/bridge/wording.h"
#include "gateway/figures.h"
#include "gateway/rate.h"
#include "gateway/ws/connection.h"

namespace atrium::gateway {

class Page : public ws::Connection::Listener,
             public JoinLink::Listener,
             public Cursor::Listener {
 public:
  // What every page is given; all of it outlives the pages.
  struct Given {
    Loop* loop;
    atrium::v1::LiveService::Stub* control;
    Feeds* feeds;
    Figures* figures;
    Wording* wording;
    // What its participant may say to control, on whatever page.
    std::shared_ptr<Gcra> words = {};
  };
  // A socket after its handshake.
  struct Socket {
    std::string token;  // What control checks; may be empty with --no_auth.
    GRef<GIOStream> stream;
    GRef<GSocket> socket;
    std::function<void(Page*)> closed;  // Runs last; destroy the page from there.
  };

  ~Page() override;

  void Close(uint16_t code, std::string_view reason) { connection_->Close(code, reason); }
  // Called every limits::kLagInterval: tells control how far this page is behind,
  // if that changed. Returns the bytes.
  int64_t TellLag();

  // ws::Connection::Listener.
  bool NextPiece(ws::Piece* piece) override;
  void OnClosed() override { closed_(this); }
  // JoinLink::Listener.
  void OnResponse(const atrium::v1::JoinResponse& response) final;
  void OnRefused(const absl::Status& why) override;
  // Cursor::Listener.
  void OnMore() override { connection_->Pump(); }
  void OnSkipped() override;
  void OnRevoked(const std::string& tab) override;

 protected:
  struct Subscription {
    std::unique_ptr<Cursor> cursor;
    TabFeed* feed = nullptr;  // Null until the page has an attachment.
  };

  Page(const Given& given, Socket socket);

  // Control said something that is for the page.
  virtual void OnHeard(const atrium::v1::JoinResponse& response) = 0;
  // The item of `tab` as a piece; false if nothing of it is to be sent.
  virtual bool Encode(const std::string& tab, FeedItem item, ws::Piece* piece) = 0;

  // Follows a tab from `offset` (-1: a snapshot first).
  absl::Status Follow(const std::string& tab, int64_t offset, bool lossless);
  void Unfollow(const std::string& tab);
  // NOT_SUBSCRIBED if it is not followed.
  absl::StatusOr<Subscription*> Find(const std::string& tab);
  // Typed bytes; reading pauses if there are too many.
  absl::Status Type(const std::string& tab, int64_t sequence, const std::string& bytes);
  void Resize(Subscription* subscription, const atrium::v1::TerminalSize& size);
  // Spends of the budget of messages; reading pauses if it is used up.
  void SpendMessage(ws::Opcode opcode);
  void SpendMore(double cost);
  // Spends one of the words that the participant may say to control now;
  // RESOURCE_EXHAUSTED if there is none.
  absl::Status SpendWord();

  Loop* loop() const { return given_.loop; }
  Figures* figures() const { return given_.figures; }
  Wording* wording() const { return given_.wording; }
  JoinLink* link() const { return link_.get(); }
  ws::Connection* connection() const { return connection_.get(); }
  std::map<std::string, Subscription>& subscriptions() { return subscriptions_; }

 private:
  void Attach(Subscription* subscription, const std::string& tab);

  // Given.
  const Given given_;
  const std::function<void(Page*)> closed_;
  // Owned.
  std::unique_ptr<JoinLink> link_;
  std::map<std::string, Subscription> subscriptions_;
  // State.
  std::string attachment_;   // Empty until control and host agree on it.
  std::string last_served_;  // The tab whose piece was sent last.
  Rate input_rate_, message_rate_;
  int64_t skips_ = 0;
  LagTeller lag_;
  bool joined_ = false;
  // Owned; last, as it calls the rest.
  std::unique_ptr<ws::Connection> connection_;
};

// What a refused Join means for the socket.
ws::CloseCode CloseCodeOf(const absl::Status& why);

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_BRIDGE_PAGE_H_
