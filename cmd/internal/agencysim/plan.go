package agencysim

import (
	"strings"
	"time"
)

// Step is one status of a request, in canonical words; each agency says it in its own codes.
type Step struct {
	Status  string // accepted in_progress on_approval awaiting_documents approved refused ready completed cancelled
	Comment string
	Officer Officer
	Unit    Unit
	Missing []Missing // of awaiting_documents
	Days    int       // until when documents may come, from the step's day; 0 says nothing
}

// Officer is who works on the request.
type Officer struct{ Last, First, Middle, Position, Phone string }

// name returns the whole name in one line.
func (o Officer) name() string {
	return strings.Join(strings.Fields(o.Last+" "+o.First+" "+o.Middle), " ")
}

// Unit is the agency's department.
type Unit struct{ Code, Name string }

// Missing is a document that the applicant must bring.
type Missing struct{ Code, Title string }

// Applicants with these surnames meet a fate of their own, as test cards do at a bank.
const (
	SurnameRefused   = "Отказов"     // the agency refuses the request after it has worked on it
	SurnameDocuments = "Документов"  // the agency asks for a document on the way
	SurnameWrong     = "Адресатов"   // registration itself is refused: another office is responsible
	SurnameMismatch  = "Несовпадов"  // the pension fund finds another person behind the number
	SurnameDone      = "Завершённов" // the plan goes on beyond approved, to ready and completed
)

// kind of plan, chosen at registration.
const (
	planUsual = iota
	planRefused
	planDocuments
	planDone
	plansPerAgency
)

// planFor goes by the surname in whatever case the agency's form wants it.
func planFor(surname string) uint8 {
	switch {
	case strings.EqualFold(surname, SurnameRefused):
		return planRefused
	case strings.EqualFold(surname, SurnameDocuments):
		return planDocuments
	case strings.EqualFold(surname, SurnameDone):
		return planDone
	}
	return planUsual
}

var (
	clerk   = Officer{Last: "Соколова", First: "Вера", Middle: "Игоревна", Position: "Специалист", Phone: "+74950000101"}
	senior  = Officer{Last: "Беляев", First: "Олег", Middle: "Петрович", Position: "Начальник отдела", Phone: "+74950000102"}
	intake  = Unit{Code: "01", Name: "Отдел приёма"}
	working = Unit{Code: "02", Name: "Отдел рассмотрения"}

	accepted = Step{Status: "accepted", Unit: intake}
	progress = Step{Status: "in_progress", Comment: "Назначен исполнитель", Officer: clerk, Unit: working}
	approval = Step{Status: "on_approval", Officer: senior, Unit: working}
	approved = Step{Status: "approved", Comment: "Решение положительное", Officer: senior, Unit: working}
	refused  = Step{Status: "refused", Comment: "Сведения не подтвердились", Officer: senior, Unit: working}
	awaiting = Step{Status: "awaiting_documents", Comment: "Не хватает документов", Officer: clerk, Unit: working, Days: 10,
		Missing: []Missing{{Code: "DOC-07", Title: "Согласие на обработку персональных данных"}}}
	resumed   = Step{Status: "in_progress", Comment: "Документы получены", Officer: clerk, Unit: working}
	ready     = Step{Status: "ready", Comment: "Можно получить", Officer: clerk, Unit: intake}
	completed = Step{Status: "completed", Officer: clerk, Unit: intake}
	withdrawn = Step{Status: "cancelled", Comment: "Отозвано заявителем", Unit: intake}
)

// builtinPlans are what follows accepted, by kind.
func builtinPlans(agency string) [plansPerAgency][]Step {
	usual := []Step{progress, approved}
	switch agency {
	case Tax:
		usual = []Step{progress, approval, approved}
	case Social:
		usual = []Step{progress, awaiting, resumed, approved}
	}
	return [plansPerAgency][]Step{
		planUsual:     usual,
		planRefused:   {progress, refused},
		planDocuments: {progress, awaiting, resumed, approved},
		planDone:      {progress, approved, ready, completed},
	}
}

// told is a step that has happened.
type told struct {
	Step
	at time.Time
	n  int // its place in the request's life, 0 is accepted
}

// until returns the last day for documents, or the zero time.
func (t told) until() time.Time {
	if t.Days == 0 {
		return time.Time{}
	}
	return t.at.AddDate(0, 0, t.Days)
}
