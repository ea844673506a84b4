#pragma once
// The few declarations of libcurl that are used.
extern "C" {
typedef void CURL;
typedef int CURLcode;
typedef int CURLoption;
enum { CURLE_OK = 0, CURLOPT_URL = 10002 };
CURL* curl_easy_init(void);
CURLcode curl_easy_setopt(CURL* handle, CURLoption option, ...);
CURLcode curl_easy_perform(CURL* handle);
void curl_easy_cleanup(CURL* handle);
}
