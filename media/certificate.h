// The certificate that a peer showed, compared with the one its offer promised:
// GStreamer does not do it. Pure.
#ifndef ATRIUM_MEDIA_CERTIFICATE_H_
#define ATRIUM_MEDIA_CERTIFICATE_H_

#include <string>
#include <string_view>
#include <vector>

#include "media/offer.h"

namespace atrium::media {

// The digest of a PEM certificate as in `a=fingerprint`; empty if the PEM or the
// hash is not understood.
std::string DigestOf(std::string_view pem, std::string_view hash);

// Whether the certificate has one of the fingerprints.
bool IsPromised(std::string_view pem, const std::vector<Offer::Fingerprint>& fingerprints);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_CERTIFICATE_H_
