"""The stage's `airut.yaml`: what an operator would write, for servers on this machine."""

from string import Template

CONFIG = Template("""\
config_version: 1
state_dir: $state
temporal: {port: $port, ui_port: $ui_port}
dashboard: $dashboard
network:
  upstream_dns: [$dns]
  extra_ca_files: [$ca]
disk: {min_free: 0%}
execution: {shutdown_grace: 30s, pause_grace: $pause_grace}
limits: {memory: 2g, cpus: 2, time: $time, enforce: $enforce}
sandbox: {warm: $warm}
repos:
  web:
    url: $git/acme/web.git
    channels:
      console: {}
      $channels
      email:
        account: {username: $robot, password: !env STAGE_MAIL_PASSWORD, from: Airut <$robot>}
        imap: {host: $mail_host, port: $imap_port, ca_file: $mail_ca}
        smtp: {host: $mail_host, port: $smtp_port, ca_file: $mail_ca}
        auth: {trusted_authserv_id: [$authserv_id], authorized_senders: [$person]}
        limits: {per_sender: 10000/h, per_repo: 10000/h}
    agent:
      auth: {$model_auth: !env STAGE_MODEL_KEY}
    env: {LOG_LEVEL: debug}
    credentials:
      SERVICE_TOKEN: {value: !file $folder/service-token, hosts: [echo.example.com], clients: {git: {}, pip: {}}}
      SECOND_TOKEN:
        value: {command: [cat, $folder/second-token], ttl: 1h}
        hosts: [echo.example.com]
        headers: [X-Second-Token]
      CLOUD:
        kind: aws
        access_key_id: !env STAGE_AWS_KEY_ID
        secret_access_key: !env STAGE_AWS_SECRET
        session_token: !env STAGE_AWS_TOKEN
        hosts: ["*.s3.eu-north-1.amazonaws.com"]
    forge:
      kind: github
      base_url: $forge
      auth: {token: !env STAGE_FORGE_TOKEN}
""")
