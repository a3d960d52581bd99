"""What vulture takes for dead and is not: each name with who uses it. `make lint` reads this file, nobody runs it."""

# Members of answers and events: msgspec writes them out for whoever asked.
_.instance  # of a problem (RFC 9457)
_.made_at  # of what the cloud sends: whoever looks at it by eye
_.paused_for
_.restarts
_.phone_countries
_.sms_says
_.payment_methods
_.fiscal_document_number
_.told_by_staff
_.checked_payments
_.other_drives
_.journal_seal
_.removable
_.access_token
_.token_type
_.phone_masked
_.contact_masked
_.consents
_.customer_since
_.max_quantity
_.composition
_.available_from
_.portions_left
_.average_kopecks
_.delivered_at
_.checked_at
_.timeline
_.station_name  # of what people do at stations
_.work_left_s
_.sales_open
_.busy_permille
_.lights
_.entries
_.shared_pin
_.confirmers
_.may_confirm

# Columns: a row has them all.
_.receipt_error
_.report_id
_.found_at

# Fields of a device's answer: the record is the whole of what the protocol has there.
_.no_paper
_.registration_number
_.calling_code

# Members of an enumeration or of a protocol's table: each value may come over the wire or out of a setting.
REREGISTRATION
PAPER_OK
DOOR_FAULT
ESTOP_FAULT
ADD
REQ
ACK_ADD
_.DINE_IN
_.TAKE_AWAY
_.EXTERNAL
_.__call__  # of a Protocol class

# Set for a library, which reads them.
_.compress_type
_.row_factory
_.text_factory
_.msg
_.levelname
_.levelno

# Lists that only tests walk: every crash point, every reason must be covered there.
POINTS
EFFECT_POINTS
BROKER_POINTS
RETURN_POINTS
READER_POINTS
QR_POINTS
PAPER_POINTS
TILL_POINTS
CANCEL_POINTS
SETTLEMENT_POINTS
LETTER_POINTS
ITEM_REASONS

# What expat calls by name.
_.buffer_text
_.StartDoctypeDeclHandler
_.EntityDeclHandler
_.StartElementHandler
_.EndElementHandler
_.CharacterDataHandler

# What pytest and the standard library call by name.
pytestmark
pytest_collection_finish
pytest_collection_modifyitems
pytest_configure
pytest_runtest_makereport
pytest_terminal_summary
quiet_logs  # fixtures of every test
_logs_as_they_were
forwarding
_.__test__
_.f_trace
_.argument
_.protocol_version
_.do_POST
_.close_connection
_.log_message

# What asyncio and aiohttp call of a simulated loop and its transports, and C of a structure.
_._thread_id
_.is_running
_.is_closed
_._timer_handle_cancelled
_._repr
_._source_traceback
_.is_serving
_.writelines
_.can_write_eof
_.pause_reading
_.resume_reading
_.is_reading
_.set_protocol
_.get_protocol
_.set_write_buffer_limits
_.randomness
captured_clocks  # in a process of its own
warmed  # a fixture

# Of tests: a column's writer is found by the column's name; planted fields that nobody reads.
_._intent_id
_.fine
_.retries

# Of an answer: read by the pages.
_.limit_lowest_c
_.limit_highest_c
_.day_lowest_c
_.day_highest_c
_.remedy

# Rules of alarms: by their names, in the settings and by what is seen.
_.sales_closed
_.money_held
_.registrar_off
_.drive_expiring
_.documents_unsent
_.robot_held
_.copy_late
_.menu_behind
_.device_off
_.bin_low
_.food_forgotten
_.food_unsafe
_.lot_expiring
_.lot_unfit
_.upkeep_due
_.disk
_.webhook_suspended
_.page_silent
_.pin_guessed

# Walked by the crash sweep.
ALARM_POINTS
FOOD_POINTS
LOT_POINTS
MENU_POINTS
SECOND_PERSON_POINTS

# Of the tests: pytest-asyncio, aiosmtpd and asyncio call them by these names.
_.pytest_asyncio_loop_factories
_.handle_DATA
_.new_event_loop
_.continued

# Pillow reads it.
_.MAX_IMAGE_PIXELS

# What a test, the benchmark and the growth of a database are made with.
load_menu

# Read by their names, one day after the other.
_.mon
_.tue
_.wed
_.thu
_.fri
_.sat
_.sun
