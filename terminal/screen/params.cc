#include "terminal/screen/params.h"

#include <algorithm>

#include "terminal/screen/text.h"

namespace atrium::screen {

void Params::Reset() {
  size_ = 0;
  subs_size_ = 0;
  full_ = false;
  subs_full_ = false;
  Add();
}

void Params::Add() {
  in_sub_ = false;
  if (size_ == kMaxParams) {
    full_ = true;
    return;
  }
  const auto i = static_cast<size_t>(size_++);
  values_[i] = 0;
  subs_begin_[i] = subs_end_[i] = static_cast<uint8_t>(subs_size_);
}

void Params::AddSub() {
  in_sub_ = true;
  if (full_ || subs_size_ == kMaxSubParams) {
    subs_full_ = true;
    return;
  }
  subs_[static_cast<size_t>(subs_size_++)] = -1;
  ++subs_end_[static_cast<size_t>(size_ - 1)];
}

void Params::AddDigit(int digit) {
  if (full_ || (in_sub_ && (subs_full_ || subs_size_ == 0))) return;
  int32_t& value = in_sub_ ? subs_[static_cast<size_t>(subs_size_ - 1)]
                           : values_[static_cast<size_t>(size_ - 1)];
  const int64_t grown = value == -1 ? digit : int64_t{value} * 10 + digit;
  value = static_cast<int32_t>(std::min<int64_t>(grown, kMaxParamValue));
}

std::string Params::Text() const {
  std::string text;
  for (int i = 0; i < size_; ++i) {
    if (i > 0) text += ';';
    if (values_[static_cast<size_t>(i)] != 0 || size_ == 1) {
      Append(&text, values_[static_cast<size_t>(i)]);
    }
    for (int k = 0; k < sub_size(i); ++k) {
      text += ':';
      if (Sub(i, k) >= 0) Append(&text, Sub(i, k));
    }
  }
  if (full_) text += ';';
  if (in_sub_ && subs_full_) text += ':';
  return text;
}

}  // namespace atrium::screen
