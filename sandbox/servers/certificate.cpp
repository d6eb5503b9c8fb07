#include "sandbox/servers/certificate.hpp"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace bandstand::sandbox {
namespace {

constexpr base::Reason kCertificateFailed{"sandbox.certificate_failed"};
constexpr long kLifeSeconds = 31L * 24 * 3600;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Key make_key() {
    return {EVP_EC_gen("P-256"), &EVP_PKEY_free};
}

bool extend(X509* certificate, X509* issuer, int kind, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
        X509V3_EXT_conf_nid(nullptr, &context, kind, value), &X509_EXTENSION_free};
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// An unsigned certificate with its names, times and key.
Certificate draft(const char* name, X509_NAME* issuer, EVP_PKEY* key) {
    Certificate certificate{X509_new(), &X509_free};
    if (!certificate) return certificate;
    std::uint64_t serial = 0;
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1)
        return {nullptr, &X509_free};
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1U);
    X509_set_version(certificate.get(), X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), kLifeSeconds);
    auto* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1,
                               -1, 0);
    X509_set_issuer_name(certificate.get(), issuer == nullptr ? subject : issuer);
    X509_set_pubkey(certificate.get(), key);
    return certificate;
}

bool write_pem(const std::string& path, mode_t mode, auto write) {
    const auto old = umask(0077);
    const std::unique_ptr<std::FILE, decltype(&std::fclose)> file{std::fopen(path.c_str(), "w"),
                                                                  &std::fclose};
    umask(old);
    return file && fchmod(fileno(file.get()), mode) == 0 && write(file.get()) == 1;
}

}  // namespace

base::Result<CertificateFiles> make_certificate(const std::string& directory) {
    const auto failed = [&](const char* what) {
        return base::fail(base::ErrorKind::internal, kCertificateFailed, what, "in", directory);
    };
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return failed("the directory cannot be made");
    const auto ca_key = make_key();
    const auto key = make_key();
    if (!ca_key || !key) return failed("no key");
    const auto ca = draft("Bandstand sandbox CA", nullptr, ca_key.get());
    if (!ca) return failed("no memory");
    const auto leaf = draft("localhost", X509_get_subject_name(ca.get()), key.get());
    const bool made = leaf && extend(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE") &&
                      extend(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      extend(ca.get(), ca.get(), NID_subject_key_identifier, "hash") &&
                      X509_sign(ca.get(), ca_key.get(), EVP_sha256()) > 0 &&
                      extend(leaf.get(), ca.get(), NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1") &&
                      extend(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth") &&
                      extend(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid") &&
                      X509_sign(leaf.get(), ca_key.get(), EVP_sha256()) > 0;
    if (!made) return failed("OpenSSL cannot make the certificate");
    const std::filesystem::path folder{directory};
    CertificateFiles files{.ca = std::filesystem::absolute(folder / "ca.pem").string(),
                           .certificate = (folder / "cert.pem").string(),
                           .key = (folder / "key.pem").string()};
    const bool written =
        write_pem(files.ca, 0644, [&](std::FILE* file) { return PEM_write_X509(file, ca.get()); }) &&
        write_pem(files.certificate, 0644,
                  [&](std::FILE* file) { return PEM_write_X509(file, leaf.get()); }) &&
        write_pem(files.key, 0600, [&](std::FILE* file) {
            return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    if (!written) return failed("a file cannot be written");
    return files;
}

}  // namespace bandstand::sandbox
