// Package agencysim plays the agencies that the hub delivers to: ZAGS, the tax service, social protection and the
// pension fund, as real HTTP servers. It shares no translation code with the hub, so that a mistake made there is
// not made here too, and it is strict: every message is validated against the agency's contract by a validator of
// somebody else's (jacoelho/xsd, santhosh-tekuri/jsonschema), the SOAP envelope, media types and credentials included.
//
// # Doors
//
// Start opens one listener for everything, and one for each agency. Every listener serves every path; an agency's own
// is the one that refuses connections while the agency has an outage.
//
//	/zags/ENDPOINT         SOAP 1.1, basic. Registers, absorbs repeated message ids, pushes statuses, can be asked, cancels
//	/tax/ENDPOINT          XML in windows-1251, API key. Gives a receipt that is polled; refuses a repeated file as ДУБЛЬ; errors in HTTP 200
//	/social/ENDPOINT/…     REST, OAuth 2.0. Files a second application for a repeated reference; pushes statuses, can be asked, cancels
//	/pension/ENDPOINT      SOAP 1.1, basic. Answers at once, absorbs repeated message ids
//	/contracts/…           the agencies' contract files
//	/admin/…               what follows
//
// ENDPOINT is any word. A tax endpoint of four digits is an inspectorate and takes files for no other; a ZAGS endpoint
// of three digits is an office, a social one of two digits a region.
//
// # What becomes of a request
//
// A registered request is accepted, and then follows a plan of Steps, one each StepDelay. Its history is a function of
// the time it was registered, so that asking and pushing always tell the same. The applicant's surname chooses another
// plan (SurnameRefused and its neighbours), as test cards do at a bank. Pushes are sent one after the other, each again
// and again until the hub takes it or says that it never will.
//
// # What goes wrong
//
// Inject, or POST /admin/faults, orders a Fault; Chaos brings them by chance. Chance is decided by the seed and the
// message id, not by time: the same messages under the same seed meet the same faults.
//
//	POST   /admin/faults    {"agency":"zags","kind":"lost","count":1}; also endpoint, operation, for, delay, retryAfter, probability
//	GET    /admin/faults    what is in force, with hits
//	DELETE /admin/faults    ends all, or ?id=N
//	GET    /admin/effects   what each message id did: ?agency=, ?messageId=, ?doubled=true
//	GET    /admin/summary   counts for each agency, and of the pushes
//	GET    /admin/wire      the last messages as they went over the wire: ?agency=, ?messageId=
//
// # What is counted
//
// An effect is a registration. Its message id says whose it was: 0 effects of an accepted request are a lost one, 2 a
// doubled one. Agencies that absorb repeats count one effect and several arrivals; social protection doubles. A journal
// keeps effects over restarts.
package agencysim
