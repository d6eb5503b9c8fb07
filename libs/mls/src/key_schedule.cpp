#include "mls/key_schedule.hpp"

namespace bandstand::mls {
namespace {

Secret member_secret(const Secret& joiner_secret, const Secret& psk_secret) {
    return hkdf_extract(joiner_secret.view(), psk_secret.view());
}

Secret welcome_secret(const Secret& joiner_secret, const Secret& psk_secret) {
    return derive_secret(member_secret(joiner_secret, psk_secret), "welcome");
}

}  // namespace

Secret EpochSecrets::joiner_secret(const Secret& init_secret, const Secret& commit_secret,
                                   const GroupContext& context) {
    return expand_with_label(hkdf_extract(init_secret.view(), commit_secret.view()), "joiner",
                             mls::encode(context), kHashBytes);
}

EpochSecrets EpochSecrets::from_joiner(const Secret& joiner_secret, const GroupContext& context,
                                       const Secret& psk_secret) {
    return EpochSecrets{expand_with_label(member_secret(joiner_secret, psk_secret), "epoch",
                                          mls::encode(context), kHashBytes)};
}

Secret EpochSecrets::welcome_key(const Secret& joiner_secret, const Secret& psk_secret) {
    return expand_with_label(welcome_secret(joiner_secret, psk_secret), "key", {}, kKeyBytes);
}

Secret EpochSecrets::welcome_nonce(const Secret& joiner_secret, const Secret& psk_secret) {
    return expand_with_label(welcome_secret(joiner_secret, psk_secret), "nonce", {}, kNonceBytes);
}

EpochSecrets EpochSecrets::first() {
    return EpochSecrets{Secret::random(kHashBytes)};
}

EpochSecrets::EpochSecrets(const Secret& epoch_secret)
    : init_{derive_secret(epoch_secret, "init")},
      confirmation_{derive_secret(epoch_secret, "confirm")},
      membership_{derive_secret(epoch_secret, "membership")},
      exporter_{derive_secret(epoch_secret, "exporter")},
      authenticator_{derive_secret(epoch_secret, "authentication")},
      encryption_{derive_secret(epoch_secret, "encryption")},
      external_{derive_secret(epoch_secret, "external")} {}

Secret EpochSecrets::export_secret(std::string_view label, base::ByteView context, std::size_t count) const {
    return expand_with_label(derive_secret(exporter_, label), "exported", sha256(context), count);
}

base::Bytes EpochSecrets::confirmation_tag(base::ByteView confirmed_transcript_hash) const {
    return hmac(confirmation_.view(), confirmed_transcript_hash);
}

base::Bytes confirmed_transcript_hash(base::ByteView last_interim_hash, base::ByteView input) {
    Writer out;
    out.raw(last_interim_hash);
    out.raw(input);
    return sha256(out.bytes());
}

base::Bytes interim_transcript_hash(base::ByteView confirmed_hash, base::ByteView confirmation_tag) {
    Writer out;
    out.raw(confirmed_hash);
    out.vector(confirmation_tag);
    return sha256(out.bytes());
}

}  // namespace bandstand::mls
