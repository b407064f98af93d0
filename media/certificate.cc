#include "media/certificate.h"

#include <glib.h>

#include <algorithm>
#include <optional>

namespace atrium::media {
namespace {

std::optional<GChecksumType> TypeOf(std::string_view hash) {
  if (hash == "sha-256") return G_CHECKSUM_SHA256;
  if (hash == "sha-384") return G_CHECKSUM_SHA384;
  if (hash == "sha-512") return G_CHECKSUM_SHA512;
  return std::nullopt;
}

}  // namespace

std::string DigestOf(std::string_view pem, std::string_view hash) {
  static constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  static constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
  const std::optional<GChecksumType> type = TypeOf(hash);
  const size_t begin = pem.find(kBegin);
  const size_t end = begin == std::string_view::npos ? begin : pem.find(kEnd, begin);
  if (!type || end == std::string_view::npos) return "";
  const std::string body(pem.substr(begin + kBegin.size(), end - begin - kBegin.size()));
  gsize size = 0;
  guchar* der = g_base64_decode(body.c_str(), &size);
  gchar* hex = size == 0 ? nullptr : g_compute_checksum_for_data(*type, der, size);
  g_free(der);
  if (hex == nullptr) return "";
  std::string digest;
  for (const gchar* p = hex; p[0] != '\0'; p += 2) {
    if (!digest.empty()) digest += ':';
    digest += g_ascii_toupper(p[0]);
    digest += g_ascii_toupper(p[1]);
  }
  g_free(hex);
  return digest;
}

bool IsPromised(std::string_view pem, const std::vector<Offer::Fingerprint>& fingerprints) {
  return std::any_of(fingerprints.begin(), fingerprints.end(), [&](const auto& f) {
    const std::string digest = DigestOf(pem, f.hash);
    return !digest.empty() && digest == f.digest;
  });
}

}  // namespace atrium::media
