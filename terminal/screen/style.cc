#include "terminal/screen/style.h"

#include <algorithm>
#include <utility>

#include "terminal/screen/limits.h"
#include "terminal/screen/text.h"

namespace atrium::screen {
namespace {

// A link key: the id cannot hold a semicolon's worth of ambiguity, since it is
// length-prefixed.
std::string LinkKey(std::string_view id, std::string_view uri) {
  return Concat(id.size(), ";", id, uri);
}

template <typename T>
uint32_t Place(T value, std::vector<T>* items, std::vector<uint32_t>* free) {
  if (free->empty()) {
    items->push_back(std::move(value));
    return static_cast<uint32_t>(items->size() - 1);
  }
  const uint32_t number = free->back();
  free->pop_back();
  (*items)[number] = std::move(value);
  return number;
}

// Cuts the unused end off, and has the lowest numbers given out first, so that what is
// in use gathers there and the end becomes unused in its turn.
template <typename T>
void Shrink(std::vector<T>* items, std::vector<uint32_t>* free) {
  while (!free->empty() && free->back() + 1 == items->size()) {
    items->pop_back();
    free->pop_back();
  }
  if (items->capacity() > 4 * items->size()) items->shrink_to_fit();
  std::reverse(free->begin(), free->end());
}

}  // namespace

Style Style::Visible() const {
  Style visible = *this;
  if (!extended()) {
    visible.underline_color = 0;
    visible.link = 0;
    visible.underline = UnderlineStyle::kNone;
  }
  return visible;
}

void Style::UpdateExtended() {
  if (underline == UnderlineStyle::kNone && link == 0) {
    bg &= ~kExtended;
  } else {
    bg |= kExtended;
  }
}

StyleTable::StyleTable() : styles_(1), links_(1), clusters_(1) { style_numbers_[Style()] = 0; }

uint32_t StyleTable::Intern(const Style& style) {
  const Style visible = style.Visible();
  if (visible == last_style_) return last_number_;
  auto found = style_numbers_.find(visible);
  if (found == style_numbers_.end()) {
    const uint32_t number = Place(visible, &styles_, &free_styles_);
    found = style_numbers_.emplace(visible, number).first;
    ++added_;
  }
  last_style_ = visible;
  last_number_ = found->second;
  return last_number_;
}

uint32_t StyleTable::Find(const Style& style) const {
  const auto found = style_numbers_.find(style.Visible());
  return found == style_numbers_.end() ? UINT32_MAX : found->second;
}

uint32_t StyleTable::AddLink(std::string_view id, std::string_view uri) {
  if (!id.empty()) {
    auto found = link_numbers_.find(LinkKey(id, uri));
    if (found != link_numbers_.end()) return found->second;
  }
  added_ += 64;  // Links are heavy; sweep sooner.
  if (link_bytes_ + id.size() + uri.size() > kMaxLinkBytes) id = uri = {};
  link_bytes_ += id.size() + uri.size();
  const uint32_t number = Place(Link{std::string(id), std::string(uri)}, &links_, &free_links_);
  if (!id.empty()) link_numbers_[LinkKey(id, uri)] = number;
  return number;
}

uint32_t StyleTable::AddCluster(std::u32string text) {
  ++added_;
  return Place(std::move(text), &clusters_, &free_clusters_);
}

bool StyleTable::WantsSweep() const { return added_ >= sweep_after_; }

StyleTable::Marks StyleTable::NewMarks() const {
  Marks marks;
  marks.styles.resize(styles_.size());
  marks.links.resize(links_.size());
  marks.clusters.resize(clusters_.size());
  return marks;
}

void StyleTable::Sweep(Marks marks) {
  free_styles_.clear();
  for (uint32_t i = 1; i < styles_.size(); ++i) {
    if (marks.styles[i]) {
      marks.links[styles_[i].link] = true;
      continue;
    }
    auto found = style_numbers_.find(styles_[i]);
    if (found != style_numbers_.end() && found->second == i) style_numbers_.erase(found);
    styles_[i] = Style();
    free_styles_.push_back(i);
  }
  last_style_ = Style();
  last_number_ = 0;
  SweepLinks(marks.links);
  free_clusters_.clear();
  for (uint32_t i = 1; i < clusters_.size(); ++i) {
    if (marks.clusters[i]) continue;
    clusters_[i] = std::u32string();
    free_clusters_.push_back(i);
  }
  Shrink(&styles_, &free_styles_);
  Shrink(&clusters_, &free_clusters_);
  style_numbers_.rehash(0);
  added_ = 0;
  const size_t used =
      styles_.size() - free_styles_.size() + clusters_.size() - free_clusters_.size();
  sweep_after_ = std::max<size_t>(4096, 2 * used);
}

void StyleTable::SweepLinks(const std::vector<bool>& used) {
  free_links_.clear();
  for (uint32_t i = 1; i < links_.size(); ++i) {
    if (used[i]) continue;
    Link& link = links_[i];
    if (!link.id.empty()) link_numbers_.erase(LinkKey(link.id, link.uri));
    link_bytes_ -= link.id.size() + link.uri.size();
    link = Link();
    free_links_.push_back(i);
  }
}

size_t StyleTable::memory_bytes() const {
  size_t bytes = styles_.capacity() * sizeof(Style) + link_bytes_ +
                 style_numbers_.capacity() * (sizeof(Style) + 8) +
                 links_.capacity() * sizeof(Link) + clusters_.capacity() * sizeof(std::u32string);
  for (const std::u32string& cluster : clusters_) bytes += cluster.capacity() * sizeof(char32_t);
  return bytes;
}

}  // namespace atrium::screen
