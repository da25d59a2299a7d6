#include "accounts/administrator.h"
#include "accounts/attribute_schema.h"
#include "accounts/letter_choice.h"
#include "accounts/letter_send.h"
#include "accounts/password_methods.h"
#include "accounts/profile.h"
#include "accounts/registration.h"
#include "accounts/user.h"
#include "accounts/user_erase.h"
#include "accounts/user_export.h"
#include "accounts/user_search.h"
#include "accounts/user_state.h"
#include "audit/list.h"
#include "companies/company.h"
#include "companies/company_state.h"
#include "companies/invitation.h"
#include "companies/invitation_answer.h"
#include "companies/member.h"
#include "companies/membership.h"
#include "credentials/totp.h"
#include "daemon/daemon.h"
#include "daemon/data_check.h"
#include "daemon/fact_key_check.h"
#include "keys/access_token.h"
#include "keys/admin.h"
#include "letters/mail_command.h"
#include "master_key_command.h"
#include "outbox/erasure.h"
#include "passport.h"
#include "programs/api_key.h"
#include "programs/service_account_admin.h"
#include "programs/service_token.h"
#include "sessions/auth.h"
#include "sessions/impersonation.h"
#include "sessions/introspection.h"
#include "sessions/list.h"
#include "sessions/login.h"
#include "sessions/revocation_feed.h"
#include "start.h"

extern const struct embedded_file passport_api[], passport_migrations[], passport_fact_lists[];

static const struct rpc_handler handlers[] = {
    {"passport.user.register", user_register},
    {"passport.user.verify_email", user_verify_email},
    {"passport.user.me", user_me},
    {"passport.user.update", user_update},
    {"passport.user.profiles", user_profiles},
    {"passport.user.contacts", user_contacts},
    {"passport.user.get", user_get},
    {"passport.user.search", user_search},
    {"passport.user.suspend", user_suspend},
    {"passport.user.restore", user_restore},
    {"passport.user.grant_role", user_grant_role},
    {"passport.user.revoke_role", user_revoke_role},
    {"passport.user.erase", user_erase},
    {"passport.user.export", user_export},
    {"passport.audit.list", audit_list},
    {"passport.attribute_schema.get", attribute_schema_get},
    {"passport.attribute_schema.set", attribute_schema_set},
    {"passport.auth.login", auth_login},
    {"passport.auth.second_factor", auth_second_factor},
    {"passport.auth.refresh", auth_refresh},
    {"passport.auth.logout", auth_logout},
    {"passport.auth.reauthenticate", auth_reauthenticate},
    {"passport.auth.impersonate", auth_impersonate},
    {"passport.auth.introspect", auth_introspect},
    {"passport.auth.service_token", auth_service_token},
    {"passport.auth.client_token", auth_client_token},
    {"passport.session.list", session_list},
    {"passport.session.revoke", session_revoke},
    {"passport.session.revoke_others", session_revoke_others},
    {"passport.session.revoke_all", session_revoke_all},
    {"passport.totp.get", totp_get},
    {"passport.totp.enroll", totp_enroll},
    {"passport.totp.confirm", totp_confirm},
    {"passport.totp.disable", totp_disable},
    {"passport.totp.recovery_codes", totp_recovery_codes},
    {"passport.service_account.create", service_account_create},
    {"passport.service_account.rotate", service_account_rotate},
    {"passport.service_account.list", service_account_list},
    {"passport.service_account.disable", service_account_disable},
    {"passport.api_key.create", api_key_create},
    {"passport.api_key.rotate", api_key_rotate},
    {"passport.api_key.list", api_key_list},
    {"passport.api_key.disable", api_key_disable},
    {"passport.key.list", key_list},
    {"passport.key.rotate", key_rotate},
    {"passport.password.change", password_change},
    {"passport.password.request_reset", password_request_reset},
    {"passport.password.reset", password_reset},
    {"passport.company.create", company_create},
    {"passport.company.get", company_get},
    {"passport.company.update", company_update},
    {"passport.company.search", company_search},
    {"passport.company.verify", company_verify},
    {"passport.company.suspend", company_suspend},
    {"passport.company.restore", company_restore},
    {"passport.member.list", member_list},
    {"passport.member.set_right", member_set_right},
    {"passport.member.remove", member_remove},
    {"passport.member.right", member_right},
    {"passport.invitation.create", invitation_create},
    {"passport.invitation.list", invitation_list},
    {"passport.invitation.accept", invitation_accept},
    {"passport.invitation.decline", invitation_decline},
    {"passport.invitation.revoke", invitation_revoke},
    {"passport.revocation.watch", revocation_watch},
    {"passport.letter.send", letter_send},
    {"passport.letter.get_choices", letter_get_choices},
    {"passport.letter.set_choices", letter_set_choices},
    {NULL, NULL},
};

static const struct config_option options[] = {
    {"master_key", CONFIG_TEXT, NULL, 43, 43, CONFIG_SECRET | CONFIG_REQUIRED, NULL,
     "32 bytes as base64url: seals what is secret in the database", "EVENTLOOP_MASTER_KEY"},
    {"master_key_previous", CONFIG_TEXT, "", 43, 43, CONFIG_SECRET, NULL,
     "a second master key, which only opens: while the key is being changed", "EVENTLOOP_MASTER_KEY_PREVIOUS"},
    {"service_secrets", CONFIG_TEXT, "", 0, 4096, CONFIG_SECRET, NULL,
     "service accounts of the other daemons: name:secret,name:secret", NULL},
    {"token_lifetime", CONFIG_DURATION, "10m", 5000000, 3600000000, 0, NULL, "of access tokens", NULL},
    {"token_algorithm", CONFIG_CHOICE, "ES256", 0, 0, 0, "ES256|RS256", "of signing keys made from now on", NULL},
    {"key_rotation", CONFIG_DURATION, "90d", 0, 315360000000000, 0, NULL,
     "a signing key is replaced after so long; 0: only by passport.key.rotate", NULL},
    {"key_publish_delay", CONFIG_DURATION, "15m", 1000000, 2592000000000, 0, NULL,
     "a new signing key is published so long before it signs: longer than anybody caches the key set", NULL},
    {"key_reload_interval", CONFIG_DURATION, "60s", 1000000, 3600000000, 0, NULL,
     "replicas look for changed signing keys so often when no notification reaches them", NULL},
    {"session_idle", CONFIG_DURATION, "14d", 60000000, 31536000000000, 0, NULL, "a session unused for so long ends",
     NULL},
    {"session_lifetime", CONFIG_DURATION, "90d", 60000000, 31536000000000, 0, NULL, "a session ends after so long",
     NULL},
    {"audit_retention", CONFIG_DURATION, "400d", 86400000000, 315360000000000, 0, NULL,
     "events of the audit trail are kept for so long", NULL},
    {"housekeeping_interval", CONFIG_DURATION, "5m", 1000000, 86400000000, 0, NULL,
     "expired rows are removed so often, by one replica at a time", NULL},
    {"mail_url", CONFIG_TEXT, "", 0, 500, 0, NULL,
     "of the mail server: smtp://host:port or smtps://host:port; without it letters go into mail_dir", NULL},
    {"mail_user", CONFIG_TEXT, "", 0, 500, 0, NULL, "for the mail server; without it there is no login", NULL},
    {"mail_password", CONFIG_TEXT, "", 0, 500, CONFIG_SECRET, NULL, "for the mail server", NULL},
    {"mail_tls", CONFIG_CHOICE, "required", 0, 0, 0, "required|optional|none", "STARTTLS with smtp://", NULL},
    {"mail_ca_file", CONFIG_TEXT, "", 0, 1000, 0, NULL,
     "PEM: who may have signed the mail server's certificate; without it the system's authorities", NULL},
    {"mail_dir", CONFIG_TEXT, "", 0, 1000, 0, NULL, "folder in which letters become files when there is no mail_url",
     NULL},
    {"mail_from", CONFIG_TEXT, "EventLoop <no-reply@localhost>", 3, 500, 0, NULL, "sender of letters", NULL},
    {"mail_timeout", CONFIG_DURATION, "60s", 100000, 600000000, 0, NULL, "for one attempt at a letter", NULL},
    {"mail_retry_pause", CONFIG_DURATION, "10s", 10000, 3600000000, 0, NULL,
     "after the first failed attempt at a letter; doubled with each, up to an hour", NULL},
    {"mail_max_attempts", CONFIG_INTEGER, "40", 1, 1000, 0, NULL, "then a letter is given up", NULL},
    {"mail_max_age", CONFIG_DURATION, "24h", 1000000, 2592000000000, 0, NULL,
     "a letter that is still not sent is given up", NULL},
    {"invitation_lifetime", CONFIG_DURATION, "7d", 60000000, 31536000000000, 0, NULL,
     "an invitation to a company expires after so long", NULL},
    {"invitation_limit", CONFIG_INTEGER, "100", 0, 1000000, 0, NULL,
     "invitations that a company may send in an hour; 0: no limit", NULL},
    {"invitation_account_limit", CONFIG_INTEGER, "100", 0, 1000000, 0, NULL,
     "invitations that an account, with the API keys it made, may send in an hour for all its companies; 0: no limit",
     NULL},
    {"invitation_address_limit", CONFIG_INTEGER, "5", 0, 1000000, 0, NULL,
     "invitations that a company may send to one address in a day; 0: no limit", NULL},
    {"login_limit_network", CONFIG_INTEGER, "100", 0, 1000000, 0, NULL,
     "logins of one network (an IPv4 address, a /64 of IPv6) in 15 minutes, then rate_limited; 0: no limit", NULL},
    {"login_limit_account", CONFIG_INTEGER, "10", 0, 1000000, 0, NULL,
     "wrong passwords of one account in 15 minutes, then it is locked for as long; 0: no limit", NULL},
    {"second_factor_limit", CONFIG_INTEGER, "10", 0, 1000000, 0, NULL,
     "wrong codes of one account in 15 minutes, then it is locked for as long; 0: no limit", NULL},
    {"service_token_limit", CONFIG_INTEGER, "60", 0, 1000000, 0, NULL,
     "service tokens that a network may ask for one name in a minute without knowing a secret of service_secrets; 0: "
     "any",
     NULL},
    {"client_token_limit", CONFIG_INTEGER, "120", 0, 1000000, 0, NULL,
     "tokens that a network may ask for with API keys in a minute, then rate_limited; 0: any", NULL},
    {"totp_issuer", CONFIG_TEXT, "EventLoop", 1, 64, 0, NULL, "the name that authenticator apps show", NULL},
    {"account_limit", CONFIG_INTEGER, "60", 0, 1000000, 0, NULL,
     "registrations, requests of a new password, and tokens of letters that a network may try, each an hour; 0: any",
     NULL},
    {"letter_limit", CONFIG_INTEGER, "5", 0, 1000000, 0, NULL,
     "letters an hour to one address that one network may ask for, of each kind; 0: any", NULL},
    {"mailbox_limit", CONFIG_INTEGER, "20", 0, 1000000, 0, NULL,
     "letters an hour to one address that all networks together may ask for, of each kind; 0: any", NULL},
    {"booking_letter_limit", CONFIG_INTEGER, "500", 0, 1000000, 0, NULL,
     "letters about bookings to one address in a day; 0: any", NULL},
    {"stranger_letter_limit", CONFIG_INTEGER, "1000", 0, 1000000, 0, NULL,
     "letters in a day to customers without an account whose addresses one company has given; 0: any", NULL},
    {NULL, CONFIG_TEXT, NULL, 0, 0, 0, NULL, NULL, NULL},
};

static const struct daemon_command commands[] = {
    {"admin", "create --email E --password-file F [--name N]: makes an administrator, or gives one a new password",
     administrator_command},
    {"mail", "list | mail retry [ID]: letters that wait or were given up; has them tried again", mail_command},
    {"master-key", "reseal: seals everything in the database anew under master_key", master_key_command},
    {NULL, NULL, NULL},
};

static const struct data_check *const checks[] = {
    &fact_key_check,
    NULL,
};

static const char *const fact_subscribers[] = {"events", "rating", "images", NULL};

static const struct background_job_kind background_jobs[] = {
    {ERASURE_JOB, user_erase_forget},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
	    .name = "passport",
	    .port = 7001,
	    .api = passport_api,
	    .migrations = passport_migrations,
	    .fact_lists = passport_fact_lists,
	    .handlers = handlers,
	    .options = options,
	    .checks = checks,
	    .commands = commands,
	    .fact_subscribers = fact_subscribers,
	    .background_jobs = background_jobs,
	    .issues_tokens = true,
	    .make_service_token = access_token_make_own,
	    .find_right = membership_find_right,
	    .start = passport_start,
	    .stop = passport_stop,
	    .drain = passport_drain,
	};
	return daemon_main(argc, argv, &spec);
}
