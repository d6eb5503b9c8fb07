#pragma once

#include <filesystem>
#include <string>

#include "http/server.hpp"

namespace bandstand::http {

/// A self-signed certificate for `name` in files of its own, removed with it: its own CA for a client's
/// ca_file.
class TestCertificate {
public:
    /// `subject_alt_name` as OpenSSL writes it: "DNS:localhost,IP:127.0.0.1".
    explicit TestCertificate(const std::string& subject_alt_name);
    ~TestCertificate();
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;

    TlsFiles files() const { return {.certificate = ca_file(), .key = (folder_ / "key.pem").string()}; }
    std::string ca_file() const { return (folder_ / "cert.pem").string(); }

private:
    std::filesystem::path folder_;
};

}  // namespace bandstand::http
