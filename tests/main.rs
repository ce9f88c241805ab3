//! End-to-end tests: the binary as a user types it, against the fixture servers.
#![cfg(test)]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the judges must not use the clients' own dialer and line reader"
)]

mod architecture;
mod corpus;
mod dialling;
mod docs;
mod examples;
mod ftp_corpus;
mod ftp_get;
mod ftp_hostile;
mod ftp_list;
mod ftp_mirror;
mod ftp_put;
mod ftp_record;
mod ftp_resume;
mod ftp_support;
mod ftp_tls;
mod ftp_verbs;
mod get;
mod get_files;
mod get_input;
mod get_limits;
mod get_options;
mod get_output;
mod get_record;
mod get_redirect;
mod get_resume;
mod get_retry;
mod get_secrets;
mod get_tls;
mod get_verbose;
mod get_wire;
mod help;
mod http_auth;
mod http_body;
mod http_canary;
mod http_conditions;
mod http_cookies;
mod http_decoding;
mod http_fields;
mod http_many;
mod http_names;
mod http_netrc;
mod http_support;
mod http_timing;
mod http_upload;
mod mail_collect;
mod mail_content;
mod mail_crash;
mod mail_faults;
mod mail_local;
mod mail_round;
mod mail_support;
mod mailbox_support;
mod pop3_get;
mod pop3_login;
mod pop3_record;
mod pop3_tls;
mod proxy;
mod security;
mod send;
mod send_content;
mod send_envelope;
mod send_faults;
mod send_input;
mod send_login;
mod send_message;
mod send_policy;
mod send_record;
mod send_stages;
mod smtp_probe;
mod support;
mod telnet;
mod telnet_corpus;
mod telnet_hostile;
mod telnet_privacy;
mod telnet_support;
#[cfg(target_os = "linux")]
mod telnet_terminal;
mod transcript_check;
mod transcript_child;
mod transcript_play;
mod transcript_serve;
