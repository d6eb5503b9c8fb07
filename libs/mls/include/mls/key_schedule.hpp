#pragma once

#include <string_view>

#include "mls/types.hpp"

namespace bandstand::mls {

/// The secrets of one epoch (RFC 9420 §8).
class EpochSecrets {
public:
    /// §8, the step from the last epoch's init secret and this commit's secret.
    static Secret joiner_secret(const Secret& init_secret, const Secret& commit_secret,
                                const GroupContext& context);
    /// What a joiner and a member share from here on. `psk_secret` is all zeros: DAVE uses no PSK.
    static EpochSecrets from_joiner(const Secret& joiner_secret, const GroupContext& context,
                                    const Secret& psk_secret = Secret::zeros(kHashBytes));
    /// §12.4.3.1: keys that seal the GroupInfo of a Welcome.
    static Secret welcome_key(const Secret& joiner_secret,
                              const Secret& psk_secret = Secret::zeros(kHashBytes));
    static Secret welcome_nonce(const Secret& joiner_secret,
                                const Secret& psk_secret = Secret::zeros(kHashBytes));
    /// §11: the first epoch of a group, from a random secret.
    static EpochSecrets first();

    const Secret& init_secret() const { return init_; }
    const Secret& membership_key() const { return membership_; }
    const Secret& exporter_secret() const { return exporter_; }
    const Secret& epoch_authenticator() const { return authenticator_; }
    const Secret& encryption_secret() const { return encryption_; }
    const Secret& external_secret() const { return external_; }
    /// §8.5.
    Secret export_secret(std::string_view label, base::ByteView context, std::size_t count) const;
    /// §6.1: over the confirmed transcript hash.
    base::Bytes confirmation_tag(base::ByteView confirmed_transcript_hash) const;

private:
    explicit EpochSecrets(const Secret& epoch_secret);

    Secret init_;
    Secret confirmation_;
    Secret membership_;
    Secret exporter_;
    Secret authenticator_;
    Secret encryption_;
    Secret external_;
};

/// §8.2. `input` is PublicMessage::transcript_input() of the commit.
base::Bytes confirmed_transcript_hash(base::ByteView last_interim_hash, base::ByteView input);
base::Bytes interim_transcript_hash(base::ByteView confirmed_hash, base::ByteView confirmation_tag);

}  // namespace bandstand::mls
