-- A copy for tests: it forgets the secrets and sends nothing until it is connected anew.
UPDATE inboost_backend
   SET state = CASE state WHEN 'draft' THEN 'draft' ELSE 'paused' END,
       pause_code = 'copy',
       pause_args = NULL,
       fingerprint = NULL,
       secret = NULL,
       signing_secret = NULL,
       next_signing_secret = NULL,
       incoming_open = FALSE,
       incoming_token = NULL,
       incoming_secret = NULL,
       incoming_next_secret = NULL;
-- The token in a webhook's address is a secret too.
UPDATE inboost_endpoint
   SET address = CASE kind WHEN 'webhook' THEN NULL ELSE address END,
       last_answer = NULL,
       pause_args = NULL;
-- Versions before kept addresses in chatters, in their tracked values, and in logs.
DELETE FROM mail_tracking_value
 WHERE mail_message_id IN (
       SELECT id FROM mail_message WHERE model IN ('inboost.backend', 'inboost.endpoint'));
UPDATE mail_message
   SET body = regexp_replace(body, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g'),
       subject = NULL
 WHERE model LIKE 'inboost.%';
DELETE FROM mail_mail
 WHERE mail_message_id IN (SELECT id FROM mail_message WHERE model LIKE 'inboost.%');
UPDATE mail_activity
   SET summary = regexp_replace(summary, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g'),
       note = regexp_replace(note, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g')
 WHERE res_model LIKE 'inboost.%';
UPDATE inboost_request_log
   SET url = regexp_replace(url, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g'),
       error = regexp_replace(error, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g'),
       answer = regexp_replace(answer, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g'),
       request_body = regexp_replace(request_body, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g');
UPDATE inboost_event
   SET reason_args = regexp_replace(
       reason_args::text, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g')::jsonb
 WHERE reason_args::text LIKE '%://%';
UPDATE inboost_alarm
   SET arguments = NULL;
UPDATE inboost_capture_failure
   SET error = regexp_replace(error, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g'),
       trace = regexp_replace(trace, '(https?://[^/\s"<\\]+)[^\s"<\\]*', '\1', 'g');
DELETE FROM ir_logging
 WHERE name LIKE '%inboost%' OR message ILIKE '%inboost%';
DELETE FROM ir_config_parameter
 WHERE key = 'inboost_connector.health_token';
