// Ownership for GLib's and GStreamer's counted objects.
//
// GRef<T> owns one reference. Say at the call what you were given: Adopt() takes
// over a reference that is already yours, Share() takes a new one, Sink() takes a
// freshly made floating object. SignalHandle owns one connected signal; declare
// it last, so that it is disconnected before what its closure uses is gone.
#ifndef ATRIUM_COMMON_GREF_H_
#define ATRIUM_COMMON_GREF_H_

#include <glib-object.h>

#include <utility>

namespace atrium {

template <typename T>
struct GRefTraits {
  static void Ref(T* object) { g_object_ref(object); }
  static void Unref(T* object) { g_object_unref(object); }
};

template <typename T>
class GRef {
 public:
  GRef() = default;
  static GRef Adopt(T* object) { return GRef(object); }
  static GRef Share(T* object) {
    if (object != nullptr) GRefTraits<T>::Ref(object);
    return GRef(object);
  }
  static GRef Sink(T* object) {
    if (object != nullptr) g_object_ref_sink(object);
    return GRef(object);
  }
  GRef(GRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  GRef(const GRef& other) : GRef(Share(other.object_)) {}
  GRef& operator=(GRef other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~GRef() {
    if (object_ != nullptr) GRefTraits<T>::Unref(object_);
  }

  T* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  // Hands the reference to a C function that takes ownership.
  T* release() { return std::exchange(object_, nullptr); }

 private:
  explicit GRef(T* object) : object_(object) {}

  T* object_ = nullptr;
};

class SignalHandle {
 public:
  SignalHandle() = default;
  SignalHandle(gpointer object, gulong id)
      : object_(GRef<GObject>::Share(G_OBJECT(object))), id_(id) {}
  SignalHandle(SignalHandle&& other) noexcept
      : object_(std::move(other.object_)), id_(std::exchange(other.id_, 0)) {}
  SignalHandle& operator=(SignalHandle&& other) noexcept {
    Disconnect();
    object_ = std::move(other.object_);
    id_ = std::exchange(other.id_, 0);
    return *this;
  }
  ~SignalHandle() { Disconnect(); }

  void Disconnect() {
    if (id_ != 0) g_signal_handler_disconnect(object_.get(), std::exchange(id_, 0));
  }

 private:
  GRef<GObject> object_;
  gulong id_ = 0;
};

}  // namespace atrium

#endif  // ATRIUM_COMMON_GREF_H_
