from . import inboost_specialty  # what a customer does for a living
from . import inboost_incoming_mixin  # how we know that it is the portal
from . import inboost_backend  # what is settled about customers
from . import inboost_trust  # who may say what contacts become
from . import inboost_backend_trust  # which portal it is that says so
from . import inboost_endpoint  # where customers are read from
from . import inboost_problem  # what is odd, in the reader's language
from . import inboost_mapping  # how customers are read, as it is set up
from . import inboost_customer  # the link between a contact and InBoost
from . import inboost_customer_conflict  # what a person decides about it
from . import inboost_customer_match  # whom a row is about
from . import inboost_customer_decision  # what becomes of a row
from . import inboost_customer_consent  # who wants no messages
from . import inboost_event  # whose consent is read when it leaves
from . import inboost_customer_write  # doing what was decided
from . import inboost_customer_offer  # contacts whom InBoost does not know
from . import inboost_customer_history  # purchases from before the link
from . import inboost_customer_lookup  # one customer, by phone
from . import inboost_sync_run  # one pull, and when it is due
from . import inboost_sync_run_page  # one page of a pull
from . import inboost_announcement  # what the portal says by itself
from . import inboost_portal_mixin  # what belongs to the portal before
from . import inboost_document_mixin  # a purchase of which nothing was recorded
from . import inboost_unsent  # who is not reached and what was not sent, and why
from . import inboost_sync_line  # what a run reports of a row
from . import inboost_health_remedy  # what mends trouble with customers
from . import inboost_health  # when customers were pulled
from . import inboost_privacy  # links, lines and notes about a person
from . import res_partner  # the contact
from . import phone_blacklist  # what waits for who opts out
