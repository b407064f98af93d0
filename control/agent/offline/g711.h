// G.711 (8 kHz, one byte a sample), in which telephony speaks: `audio/pcmu` and
// `audio/pcma`. Pure.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_G711_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_G711_H_

#include <cstdint>
#include <string>
#include <vector>

namespace atrium::agent {

enum class G711 { kMu, kA };

std::vector<int16_t> FromG711(G711 law, const std::string& bytes);
std::string ToG711(G711 law, const std::vector<int16_t>& samples);

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_G711_H_
