// Numeric parameters of a control sequence, kept as the renderer keeps them:
// 32 parameters, 32 sub-parameters (after colons), the rest ignored.
#ifndef ATRIUM_TERMINAL_SCREEN_PARAMS_H_
#define ATRIUM_TERMINAL_SCREEN_PARAMS_H_

#include <array>
#include <cstdint>
#include <string>

#include "terminal/screen/limits.h"

namespace atrium::screen {

class Params {
 public:
  Params() { Reset(); }

  // One parameter, zero.
  void Reset();
  void Add();
  void AddSub();
  void AddDigit(int digit);

  int size() const { return size_; }
  // Zero past the end, which is what a missing parameter means.
  int32_t operator[](int i) const { return i < size_ ? values_[static_cast<size_t>(i)] : 0; }
  // The parameter as a count: at least one.
  int32_t Count(int i = 0) const { return (*this)[i] == 0 ? 1 : (*this)[i]; }
  int sub_size(int i) const {
    return subs_end_[static_cast<size_t>(i)] - subs_begin_[static_cast<size_t>(i)];
  }
  // -1 where nothing was written.
  int32_t Sub(int i, int k) const {
    return subs_[static_cast<size_t>(subs_begin_[static_cast<size_t>(i)] + k)];
  }

  // Text that read by an empty Params gives this one, including what it would
  // ignore from here on.
  std::string Text() const;

 private:
  std::array<int32_t, kMaxParams> values_;
  std::array<uint8_t, kMaxParams> subs_begin_;
  std::array<uint8_t, kMaxParams> subs_end_;
  std::array<int32_t, kMaxSubParams> subs_;
  int size_;
  int subs_size_;
  bool full_;       // a parameter too many: digits are ignored
  bool subs_full_;  // the same for sub-parameters
  bool in_sub_;     // digits belong to a sub-parameter
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_PARAMS_H_
