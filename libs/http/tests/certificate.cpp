#include "certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "base/assert.hpp"

namespace bandstand::http {
namespace {

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(std::FILE* file) const { std::fclose(file); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<std::FILE> create(const std::filesystem::path& path) {
    Owned<std::FILE> file{std::fopen(path.c_str(), "w")};
    BASE_ASSERT(file != nullptr);
    return file;
}

Owned<X509> self_signed(EVP_PKEY* key, const std::string& subject_alt_name) {
    Owned<X509> certificate{X509_new()};
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key);
    auto* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    const Owned<X509_EXTENSION> names{
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject_alt_name.c_str())};
    BASE_ASSERT(names != nullptr && X509_add_ext(certificate.get(), names.get(), -1) == 1);
    BASE_ASSERT(X509_sign(certificate.get(), key, EVP_sha256()) > 0);
    return certificate;
}

}  // namespace

TestCertificate::TestCertificate(const std::string& subject_alt_name) {
    std::string pattern = std::filesystem::temp_directory_path() / "bandstand-tls-XXXXXX";
    BASE_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    const Owned<EVP_PKEY> key{EVP_EC_gen("P-256")};
    BASE_ASSERT(key != nullptr);
    const auto certificate = self_signed(key.get(), subject_alt_name);
    BASE_ASSERT(PEM_write_X509(create(folder_ / "cert.pem").get(), certificate.get()) == 1);
    const auto key_file = create(folder_ / "key.pem");
    BASE_ASSERT(PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
}

TestCertificate::~TestCertificate() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

}  // namespace bandstand::http
