from . import inboost_reason  # words for codes, in the reader's language
from . import inboost_connection  # what this server may connect to
from . import inboost_mapping  # the expressions of an endpoint, checked and shown
from . import inboost_secret_mixin  # what can be replaced and not read
from . import inboost_auth_mixin  # how a portal knows that it is us
from . import inboost_portal_mixin  # who is at an address that changed
from . import inboost_backend  # one portal; all else belongs to one
from . import inboost_backend_scope  # whom a portal is about
from . import inboost_answer_mixin  # what answers mean
from . import inboost_circuit_mixin  # where nothing is sent for a while
from . import inboost_preview_mixin  # what a person sees who sets it up
from . import inboost_endpoint  # an operation of a portal, as data
from . import inboost_endpoint_address  # the secret among its fields
from . import inboost_profile  # all operations of a portal as one file
from . import inboost_retention  # for how long rows are kept
from . import inboost_several_mixin  # whose portal, where there are several
from . import inboost_event_words  # how people read an event and look for it
from . import inboost_event_shop  # in which shop it happened
from . import inboost_event  # the row of the outbox
from . import inboost_event_actions  # what a person does with it
from . import inboost_event_decision  # what people decided about one
from . import inboost_capture_failure  # what an error of ours kept out of it
from . import inboost_restoration  # what a restored database does not know
from . import inboost_alarm  # what a person should know of
from . import inboost_watch  # a sale notices when nobody sends
from . import inboost_capture  # from a fact to a row
from . import inboost_delivery_desk  # what may send now, and where
from . import inboost_delivery_claim  # who sends what, and for how long
from . import inboost_delivery_settle  # what became of it
from . import inboost_delivery  # from a row to a request
from . import inboost_delivery_upkeep  # what changes without a request
from . import inboost_event_check  # asking about what nobody knows
from . import inboost_long_job  # one long job at a time
from . import inboost_request_log  # what became of each request
from . import inboost_traffic  # the log summed up by the hour
from . import inboost_health_figures  # how a portal is, in numbers
from . import inboost_health_remedy  # the buttons that mend it
from . import inboost_health  # how it is, in words
from . import inboost_monitor  # how it is, for machines
from . import inboost_support  # what somebody who helps has to know
from . import inboost_digest  # how yesterday went, by mail
from . import inboost_privacy  # what is kept of a person, and its erasure
from . import inboost_shop_mixin  # where a purchase was made
from . import inboost_document_events  # what a document shows of its events
from . import inboost_document_mixin  # what every kind of purchase has in common
from . import res_partner  # whose phone an event waits for
from . import res_config_settings  # the way in from Odoo's settings
