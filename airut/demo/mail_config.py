"""Configuration of the demo's Dovecot and Exim 4: templates whose only variables are names, ports and paths.

Dovecot 2.4 (Debian 13) refuses the syntax of 2.3 (Debian 12, Ubuntu 24.04), so there is a template for each.
"""

import re
from string import Template


class _Percent(Template):
    """`@{name}`: both servers' own syntax is full of dollar and per cent signs."""

    delimiter = "@"
    idpattern = None  # type: ignore[assignment]  # documented way to allow the braced form only
    braceidpattern = r"[a-z_]+"


def dovecot(version: str) -> Template:
    """The template for what `dovecot --version` said, such as `2.3.19.1 (9b53102964)`.

    Raises:
        ValueError: that is no version.
    """
    found = re.match(r"(\d+)\.(\d+)", version)
    if found is None:
        raise ValueError(f"not a version of Dovecot: {version!r}")
    return _DOVECOT_2_3 if (int(found[1]), int(found[2])) < (2, 4) else _DOVECOT_2_4


_DOVECOT_2_3 = _Percent("""\
base_dir = @{run}
state_dir = @{run}
log_path = @{folder}/dovecot.log
# Run as one unprivileged user, so there is nobody to drop to.
default_internal_user = @{user}
default_internal_group = @{group}
default_login_user = @{user}
first_valid_uid = 1
listen = @{host}
protocols = imap lmtp
ssl = yes
ssl_cert = <@{certificate}
ssl_key = <@{key}
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login
auth_verbose = yes
auth_failure_delay = 0
mail_location = maildir:@{folder}/mail/%Lu
mail_uid = @{uid}
mail_gid = @{gid}
# Told of new mail by inotify; without it, or in containers that lack it, look this often.
mailbox_idle_check_interval = 1s
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
lda_mailbox_autocreate = yes
hostname = @{authserv_id}
postmaster_address = postmaster@@@{authserv_id}
namespace inbox {
  inbox = yes
}
passdb {
  driver = passwd-file
  args = username_format=%Lu @{folder}/users/%Lu
}
userdb {
  driver = passwd-file
  args = username_format=%Lu @{folder}/users/%Lu
  default_fields = uid=@{uid} gid=@{gid} home=@{folder}/mail/%Lu
}
service imap-login {
  chroot =
  # One process for all connections: faster to start than one each.
  service_count = 0
  inet_listener imap {
    port = @{imap_starttls}
  }
  inet_listener imaps {
    port = @{imap}
    ssl = yes
  }
}
service lmtp {
  user = @{user}
  inet_listener lmtp {
    address = @{host}
    port = @{lmtp}
  }
}
service anvil {
  chroot =
  # No waiting after wrong passwords: all connections come from one address here.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
""")

_DOVECOT_2_4 = _Percent("""\
# Names the syntax and the defaults; later versions of Dovecot keep to it. Must come first.
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = @{run}
state_dir = @{run}
log_path = @{folder}/dovecot.log
# Run as one unprivileged user, so there is nobody to drop to.
default_internal_user = @{user}
default_internal_group = @{group}
default_login_user = @{user}
first_valid_uid = 1
listen = @{host}
protocols = imap lmtp
ssl = yes
ssl_server_cert_file = @{certificate}
ssl_server_key_file = @{key}
ssl_min_protocol = TLSv1.2
auth_allow_cleartext = no
auth_mechanisms = plain login
auth_verbose = yes
auth_failure_delay = 0
mail_driver = maildir
mail_path = @{folder}/mail/%{user | lower}
mail_home = @{folder}/mail/%{user | lower}
mail_uid = @{uid}
mail_gid = @{gid}
# Told of new mail by inotify; without it, or in containers that lack it, look this often.
mailbox_idle_check_interval = 1s
recipient_delimiter = +
lmtp_save_to_detail_mailbox = no
lda_mailbox_autocreate = yes
hostname = @{authserv_id}
postmaster_address = postmaster@@@{authserv_id}
namespace inbox {
  inbox = yes
}
passdb passwd-file {
  passwd_file_path = @{folder}/users/%{user | lower}
}
userdb passwd-file {
  passwd_file_path = @{folder}/users/%{user | lower}
}
service imap-login {
  chroot =
  # One process for all connections: faster to start than one each.
  restart_request_count = unlimited
  inet_listener imap {
    port = @{imap_starttls}
  }
  inet_listener imaps {
    port = @{imap}
    ssl = yes
  }
}
service lmtp {
  user = @{user}
  inet_listener lmtp {
    listen = @{host}
    port = @{lmtp}
  }
}
service anvil {
  chroot =
  # No waiting after wrong passwords: all connections come from one address here.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  chroot =
}
""")

EXIM = _Percent("""\
spool_directory = @{folder}/spool
log_file_path = @{folder}/exim-%s.log
exim_path = @{exim}
exim_user = @{user}
exim_group = @{group}
never_users =
keep_environment =
primary_hostname = @{authserv_id}
local_interfaces = @{host}
daemon_smtp_ports = @{smtp}
# No name is ever looked up: everything is on this machine.
host_lookup =
rfc1413_hosts =
rfc1413_query_timeout = 0s
dns_ipv4_lookup = *
tls_advertise_hosts = *
tls_certificate = @{certificate}
tls_privatekey = @{key}
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
message_size_limit = 100M
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
domainlist hosted = lsearch;@{folder}/exim.domains
begin acl
acl_mail:
  accept authenticated = *
  deny message = authentication required
acl_rcpt:
  accept domains = +hosted
         verify = recipient
  deny message = no such mailbox here
acl_data:
  warn remove_header = Authentication-Results
  warn condition = ${if eqi{${address:$h_From:}}{$authenticated_id}}
       add_header = :at_start:Authentication-Results: @{authserv_id}; auth=pass smtp.auth=$authenticated_id;\\
 dmarc=pass header.from=${domain:${address:$h_From:}}
  warn condition = ${if !eqi{${address:$h_From:}}{$authenticated_id}}
       add_header = :at_start:Authentication-Results: @{authserv_id}; auth=pass smtp.auth=$authenticated_id; dmarc=fail
  accept
begin routers
local:
  driver = accept
  domains = +hosted
  local_part_suffix = +*
  local_part_suffix_optional
  condition = ${lookup{${lc:$local_part@@$domain}}lsearch{@{folder}/exim.mailboxes}{yes}{no}}
  transport = dovecot
  no_more
begin transports
dovecot:
  driver = smtp
  protocol = lmtp
  hosts = @{host}
  port = @{lmtp}
  hosts_override
  allow_localhost
  # Dovecot needs the sub-address too: it stands in Delivered-To.
  rcpt_include_affixes
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_set_id = ${lc:$auth2}
  server_condition = ${if eq{${lc:${sha256:$auth3}}}{${lookup{${lc:${sha256:${lc:$auth2}}}}lsearch\\
{@{folder}/exim.users}{$value}{none}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = User Name : Password
  server_set_id = ${lc:$auth1}
  server_condition = ${if eq{${lc:${sha256:$auth2}}}{${lookup{${lc:${sha256:${lc:$auth1}}}}lsearch\\
{@{folder}/exim.users}{$value}{none}}}}
""")
