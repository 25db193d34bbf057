// Code generated from problems.yaml by go generate; DO NOT EDIT.

package problem

// The problems that clients are told; docs/errors.md describes them.
const (
	BadJSON              Code = "bad-json"               // 400: The body is not JSON
	BadParameter         Code = "bad-parameter"          // 400: A parameter or header is wrong
	Unauthenticated      Code = "unauthenticated"        // 401: The client is unknown
	Forbidden            Code = "forbidden"              // 403: Not allowed
	NotFound             Code = "not-found"              // 404: Not found
	MethodNotAllowed     Code = "method-not-allowed"     // 405: The method is not supported here
	KeyInFlight          Code = "key-in-flight"          // 409: A request with this Idempotency-Key is still being taken
	Conflict             Code = "conflict"               // 409: The state does not allow it
	TooLarge             Code = "too-large"              // 413: The body is too large
	UnsupportedMediaType Code = "unsupported-media-type" // 415: The media type is not supported
	InvalidRequest       Code = "invalid-request"        // 422: The request breaks its contract
	Unroutable           Code = "unroutable"             // 422: The request leads nowhere
	KeyReused            Code = "key-reused"             // 422: This Idempotency-Key came before with another body
	TooManyRequests      Code = "too-many-requests"      // 429: Too many requests
	Internal             Code = "internal"               // 500: Internal error
	Unavailable          Code = "unavailable"            // 503: Sluice can't take the request now
)

var rows = map[Code]row{
	BadJSON:              {400, words{"Тело запроса — не JSON", "The body is not JSON"}, words{"Исправьте место, указанное в detail. Повторяющиеся ключи и строки не в UTF-8 тоже ошибка.", "Mend the place that detail names. Duplicate keys and strings that are not UTF-8 are errors too."}},
	BadParameter:         {400, words{"Неверный параметр или заголовок", "A parameter or header is wrong"}, words{"Сверьтесь с /openapi.json: там есть все параметры.", "See /openapi.json: it has every parameter."}},
	Unauthenticated:      {401, words{"Клиент не опознан", "The client is unknown"}, words{"Передайте действующий токен: Authorization: Bearer <токен>.", "Send a token that is valid: Authorization: Bearer <token>."}},
	Forbidden:            {403, words{"Недостаточно прав", "Not allowed"}, words{"Токен действует для другой двери или другой службы. Попросите администратора Sluice.", "The token is for another door or another agency. Ask the administrator of Sluice."}},
	NotFound:             {404, words{"Не найдено", "Not found"}, words{"Проверьте номер. Чужие запросы не видны.", "Check the number. Other clients' requests are not shown."}},
	MethodNotAllowed:     {405, words{"Такой метод здесь не поддерживается", "The method is not supported here"}, words{"Поддерживаемые методы перечислены в заголовке Allow.", "The header Allow lists those that are."}},
	KeyInFlight:          {409, words{"Запрос с этим Idempotency-Key ещё обрабатывается", "A request with this Idempotency-Key is still being taken"}, words{"Повторите то же самое через секунду.", "Repeat the same in a second."}},
	Conflict:             {409, words{"Состояние этого не допускает", "The state does not allow it"}, words{"Прочитайте запрос ещё раз: он изменился.", "Read the request again: it has changed."}},
	TooLarge:             {413, words{"Тело запроса слишком велико", "The body is too large"}, words{"Вложения вместе — не больше 10 МБ.", "All attachments together may hold 10 MB."}},
	UnsupportedMediaType: {415, words{"Неподдерживаемый тип содержимого", "The media type is not supported"}, words{"Передайте JSON с заголовком Content-Type: application/json.", "Send JSON with Content-Type: application/json."}},
	InvalidRequest:       {422, words{"Запрос не соответствует контракту", "The request breaks its contract"}, words{"Исправьте каждое место из violations. Схему услуги даёт GET /v1/services.", "Mend each place in violations. GET /v1/services gives the schema of the service."}},
	Unroutable:           {422, words{"Запрос некуда направить", "The request leads nowhere"}, words{"Проверьте routing. GET /v1/services перечисляет ведомства, регионы и отделы каждой услуги.", "Check routing. GET /v1/services lists the agencies, regions and offices of each service."}},
	KeyReused:            {422, words{"Этот Idempotency-Key уже был с другим телом", "This Idempotency-Key came before with another body"}, words{"Возьмите новый ключ для нового запроса. Повтор шлите байт в байт.", "Take a new key for a new request. Send a repetition byte for byte."}},
	TooManyRequests:      {429, words{"Слишком много запросов", "Too many requests"}, words{"Повторите после времени из Retry-After.", "Try again after the time in Retry-After."}},
	Internal:             {500, words{"Внутренняя ошибка", "Internal error"}, words{"Повторите с тем же Idempotency-Key. Если не помогло — сообщите instance администратору.", "Repeat with the same Idempotency-Key. If that does not help tell the administrator the instance."}},
	Unavailable:          {503, words{"Sluice сейчас не может принять запрос", "Sluice can't take the request now"}, words{"Запрос не сохранён. Повторите с тем же Idempotency-Key после времени из Retry-After.", "The request is not stored. Repeat it with the same Idempotency-Key after the time in Retry-After."}},
}
