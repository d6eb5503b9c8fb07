#pragma once

#include <string>

#include "base/result.hpp"

namespace bandstand::sandbox {

struct CertificateFiles {
    std::string ca;           ///< what clients trust: DIR/ca.pem
    std::string certificate;  ///< DIR/cert.pem, for localhost and 127.0.0.1
    std::string key;          ///< DIR/key.pem, readable by its owner only
};

/// Makes a certificate authority and a certificate of the voice server in `directory` (created if missing),
/// anew at each start: P-256, valid for a month. The authority's key is kept nowhere.
/// Errors: `sandbox.certificate_failed`.
base::Result<CertificateFiles> make_certificate(const std::string& directory);

}  // namespace bandstand::sandbox
