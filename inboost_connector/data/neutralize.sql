-- A copy for tests: it forgets the secrets and sends nothing until it is connected anew.
UPDATE inboost_backend
   SET state = CASE state WHEN 'draft' THEN 'draft' ELSE 'paused' END,
       pause_code = 'copy',
       fingerprint = NULL,
       secret = NULL;
-- The token in a webhook's address is a secret too.
UPDATE inboost_endpoint
   SET address = NULL
 WHERE kind = 'webhook';
