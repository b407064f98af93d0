// Rewrapping of a buffer's lines for a new width, as the renderer does it.
#ifndef ATRIUM_TERMINAL_SCREEN_REFLOW_H_
#define ATRIUM_TERMINAL_SCREEN_REFLOW_H_

#include <deque>
#include <vector>

#include "terminal/screen/grid.h"

namespace atrium::screen {

// Works on one Grid for the length of one Resize. The renderer's steps are kept
// one by one, since their order shows in where the cursor and the saved cursor
// end. Two of its faults are not followed: it can mix up the clusters of lines
// it rewraps, and loses a line when new ones straddle the top of a full buffer.
class Reflow {
 public:
  // The grid's rows are already the new ones, its columns the old ones.
  Reflow(Grid* grid, int old_columns, int new_columns, int new_rows);

  void Larger();
  void Smaller();

  // False after a step in which the renderer may do otherwise.
  bool exact() const { return exact_; }

  // Moves the lines back into the grid.
  void Finish();

 private:
  using Lines = std::vector<Line*>;
  struct PlacedMarks {
    int64_t column;
    LineMarks marks;
  };
  struct Insertion {
    int start;
    Lines lines;
  };

  int count() const { return static_cast<int>(lines_.size()); }
  Line* Blank();
  void Copy(const Line& from, Line* to, int from_column, int to_column, int count, bool backwards);
  // Columns of text of line i of a wrapped group.
  int GroupLength(const Lines& group, int i) const;
  bool HasClusters(const Lines& group) const;
  bool ContainsCursor(int first, int size) const;
  // Takes the marks off a group, each with the text's column at which it stood,
  // and puts them back when the group was rewrapped into `size` lines.
  std::vector<PlacedMarks> TakeMarks(const Lines& group) const;
  void PutMarks(const std::vector<PlacedMarks>& marks, const Lines& group, int size) const;

  int Unwrap(const Lines& group);
  void AdjustAfterRemoval(int removed);

  std::vector<int> Lengths(const Lines& group);
  void Rewrap(const Lines& group, const std::vector<int>& lengths, int last_length, int added);
  void AdjustAfterInsertion(int added, int trimmed, int pending);
  void Insert(const std::vector<Insertion>& insertions, int total);

  // Given.
  Grid* const grid_;
  const int old_columns_;
  const int new_columns_;
  const int new_rows_;
  const int64_t max_;
  // State.
  std::deque<Line> pool_;
  Lines lines_;
  bool exact_ = true;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_REFLOW_H_
