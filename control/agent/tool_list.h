// The agent's own tools, as people and the agent are told of them. Pure.
#ifndef ATRIUM_CONTROL_AGENT_TOOL_LIST_H_
#define ATRIUM_CONTROL_AGENT_TOOL_LIST_H_

#include <google/protobuf/repeated_field.h>

#include <string>
#include <vector>

#include "atrium/v1/conversation.pb.h"

namespace atrium::control {

using ToolList = google::protobuf::RepeatedPtrField<atrium::v1::Conversation::Tool>;

// In the order in which the agent is told; with those for screens if it `sees`.
ToolList OwnTools(bool sees);
// By name; null if it is not in the list.
const atrium::v1::Conversation::Tool* FindTool(const ToolList& tools, const std::string& name);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_TOOL_LIST_H_
