#include "frugal/agent/phrases.h"

namespace frugal::agent {

namespace {

constexpr std::string_view kText = R"(
[balance]
train:
What is the balance of account {account}?
How much money is in account {account}?
How much do I have in account {account}?
Please tell me the balance of account {account}.
Can you check the balance of {account}?
What is my balance in account {account}?
I want to know the balance of account {account}.
Could you look up the balance of account {account} for me?
How much is left in account {account}?
Tell me how much money I have in {account}.
My account is {account}. What is the balance?
Account {account}: what is the balance?
Show me the balance of my account {account}.
Please check how much money is in {account}.
I need the balance of account {account}.
What do I have in my account {account} at the moment?
validation:
Can you tell me the balance of my account {account}?
How much money do I have in account {account}?
Please look up how much is left in {account}.
I want to know how much is in account {account}.
test:
Could you check how much money is in account {account}?
What is the balance of {account} at the moment?
Please show me the balance of account {account}.
Tell me how much is left in my account {account}.
[last_payment]
train:
What was the last payment from account {account}?
What was my last payment from account {account}?
Who got the last payment from account {account}?
How much was the last payment from account {account}?
Please tell me the last payment from account {account}.
Can you show me the last payment from {account}?
Which payment was the last from account {account}?
I want to know the last payment from account {account}.
Tell me the newest payment from account {account}.
Could you look up the last payment of account {account}?
What did I pay last from account {account}?
To whom did I last send money from account {account}?
Account {account}: what was the last payment?
I need the last payment of my account {account}.
What is the newest payment in account {account}?
Please check the last payment from {account}.
validation:
Can you tell me the last payment from account {account}?
Who got the newest payment from {account}?
Please look up my last payment from account {account}.
I want to know what I paid last from account {account}.
test:
Could you tell me what the last payment from account {account} was?
Please show me the newest payment from account {account}.
What did I last pay from my account {account}?
To whom was the last payment from {account}?
[payment]
train:
How much did I pay {payee} from account {account}?
How much did I send to {payee} from account {account}?
What did I pay {payee} from account {account}?
How much was the payment from account {account} to {payee}?
Please tell me how much I paid {payee} from account {account}.
Can you check the payment to {payee} from {account}?
I want to know how much I sent to {payee} from account {account}.
Tell me the amount that went from account {account} to {payee}.
How much money went from account {account} to {payee}?
What was the amount of my payment to {payee} from account {account}?
Could you look up what I paid {payee} from account {account}?
I paid {payee} from account {account}. How much was it?
How much did {payee} get from account {account}?
From account {account} I paid {payee}. What was the amount?
I need the amount of the payment from {account} to {payee}.
Look up my payment to {payee} from account {account}.
validation:
Can you tell me what I paid {payee} from account {account}?
How much money did I send to {payee} from {account}?
Please check how much {payee} got from account {account}.
I need to know the amount I paid {payee} from account {account}.
test:
Could you tell me how much I sent to {payee} from account {account}?
What was the payment to {payee} from my account {account}?
Please look up how much I paid {payee} from account {account}.
I want to know how much money went to {payee} from {account}.
[convert]
train:
How much are {amount} EUR in {to}?
How much is {amount} EUR in {to}?
What are {amount} EUR in {to}?
Convert {amount} EUR to {to}.
Please convert {amount} EUR to {to}.
Can you convert {amount} EUR into {to}?
I want to change {amount} EUR to {to}. How much do I get?
How many {to} do I get for {amount} EUR?
Tell me how much {amount} EUR are in {to}.
What do I get in {to} for {amount} EUR?
I have {amount} EUR. How much is that in {to}?
Could you tell me what {amount} EUR are in {to}?
I need {amount} EUR in {to}. How much is it?
If I change {amount} EUR into {to}, how much do I get?
Please work out {amount} EUR in {to}.
I would like to know how many {to} {amount} EUR are.
validation:
Can you tell me how much {amount} EUR are in {to}?
How many {to} are {amount} EUR?
I want to convert {amount} EUR into {to}.
Please tell me what I get in {to} for {amount} EUR.
test:
Could you convert {amount} EUR to {to}?
I have {amount} EUR. How many {to} do I get?
What is {amount} EUR in {to}?
I would like to change {amount} EUR into {to}. How much is that?
[interest]
train:
How much interest do {amount} EUR earn at {percent} percent in {years} years?
What is the interest on {amount} EUR at {percent} percent for {years} years?
I save {amount} EUR at {percent} percent for {years} years. How much interest do I get?
Please compute the interest on {amount} EUR at {percent} percent for {years} years.
Can you work out the interest for {amount} EUR, {percent} percent, {years} years?
Tell me the interest of {amount} EUR after {years} years at {percent} percent.
If I leave {amount} EUR for {years} years at {percent} percent, how much interest is that?
How much do {amount} EUR earn in {years} years at {percent} percent?
I want to save {amount} EUR for {years} years at {percent} percent. What is the interest?
What interest do I get on {amount} EUR at {percent} percent after {years} years?
For {years} years I save {amount} EUR at {percent} percent. How much interest is it?
Could you compute how much interest {amount} EUR bring at {percent} percent in {years} years?
At {percent} percent, how much interest do {amount} EUR bring in {years} years?
I would like to know the interest on {amount} EUR for {years} years at {percent} percent.
My plan is to save {amount} EUR at {percent} percent for {years} years. What interest will I get?
Work out the interest: {amount} EUR at {percent} percent for {years} years.
validation:
Can you compute the interest on {amount} EUR for {years} years at {percent} percent?
How much interest do I get for {amount} EUR at {percent} percent after {years} years?
I leave {amount} EUR at {percent} percent for {years} years. What is the interest?
Please tell me the interest of {amount} EUR at {percent} percent in {years} years.
test:
Could you work out the interest on {amount} EUR at {percent} percent for {years} years?
If I save {amount} EUR at {percent} percent for {years} years, how much interest will I get?
What interest do {amount} EUR bring in {years} years at {percent} percent?
I want to know how much {amount} EUR earn at {percent} percent after {years} years.
[transfer]
train:
Please transfer {amount} EUR from account {account} to {payee}.
Send {amount} EUR from account {account} to {payee}.
Transfer {amount} EUR to {payee} from account {account}.
Can you send {amount} EUR to {payee} from account {account}?
I want to transfer {amount} EUR from account {account} to {payee}.
Pay {payee} {amount} EUR from account {account}.
Please pay {amount} EUR to {payee} from {account}.
I need to send {amount} EUR from account {account} to {payee}.
Could you transfer {amount} EUR to {payee}? Use account {account}.
From account {account}, please send {amount} EUR to {payee}.
I owe {payee} {amount} EUR. Please pay it from account {account}.
{payee} must get {amount} EUR from account {account}.
I would like to pay {payee} {amount} EUR from my account {account}.
Use account {account} to pay {amount} EUR to {payee}.
Make a transfer of {amount} EUR from {account} to {payee}.
My bill from {payee} is {amount} EUR. Pay it from account {account}.
validation:
Can you transfer {amount} EUR from account {account} to {payee}?
Please pay {payee} {amount} EUR from my account {account}.
I want to send {amount} EUR to {payee} from {account}.
I owe {amount} EUR to {payee}. Use account {account} please.
test:
Could you send {amount} EUR from account {account} to {payee}?
Please make a transfer of {amount} EUR to {payee} from account {account}.
I need to pay {payee} {amount} EUR. Please use account {account}.
I would like to transfer {amount} EUR from {account} to {payee}.
[balance_and_convert]
train:
What is the balance of account {account} in {to}?
How much money is in account {account}, in {to}?
Please tell me the balance of account {account} in {to}.
How much is the balance of account {account} in {to}?
Can you check the balance of account {account} and convert it to {to}?
Look up the balance of {account} and convert it into {to}.
I want to know the balance of account {account} in {to}.
How many {to} do I have in account {account}?
Tell me how much I have in account {account} and what that is in {to}.
Could you tell me how much {to} the balance of account {account} is?
My account is {account}. What is the balance in {to}?
What do I have in account {account}, and how much is that in {to}?
Show me the balance of {account} in {to}.
I need the balance of account {account} in {to}.
Please convert the balance of account {account} to {to}.
If I change all the money in account {account} to {to}, how much do I get?
validation:
Can you tell me the balance of account {account} in {to}?
How much do I have in account {account} in {to}?
Please look up the balance of account {account} and convert it to {to}.
I want to know how many {to} I have in {account}.
test:
Could you convert the balance of account {account} into {to}?
What is my balance in account {account}, and what is that in {to}?
How much money in {to} do I have in account {account}?
Please show me the balance of my account {account} in {to}.
[balance_and_interest]
train:
How much interest does the balance of account {account} earn at {percent} percent in {years} years?
What is the interest on the balance of account {account} at {percent} percent for {years} years?
Please compute the interest on account {account} at {percent} percent for {years} years.
If I leave the money in account {account} for {years} years at {percent} percent, how much interest is that?
Look up the balance of {account} and compute the interest for {years} years at {percent} percent.
What interest do I get on account {account} after {years} years at {percent} percent?
Can you work out the interest on my account {account} at {percent} percent for {years} years?
Tell me the balance of account {account} and the interest at {percent} percent for {years} years.
I want to know the interest of account {account} after {years} years at {percent} percent.
How much does the money in account {account} earn at {percent} percent in {years} years?
At {percent} percent, how much interest does account {account} bring in {years} years?
Could you compute how much interest the balance of {account} brings at {percent} percent in {years} years?
My account is {account}. What interest does it earn in {years} years at {percent} percent?
I leave all the money in {account} at {percent} percent for {years} years. What is the interest?
What will account {account} earn in {years} years at {percent} percent?
Work out the interest on the balance of account {account}: {percent} percent, {years} years.
validation:
Can you compute the interest on the balance of account {account} at {percent} percent for {years} years?
How much interest do I get on account {account} at {percent} percent after {years} years?
Please work out what account {account} will earn at {percent} percent in {years} years.
What is the interest on {account} for {years} years at {percent} percent?
test:
Could you work out the interest on account {account} for {years} years at {percent} percent?
If I leave all the money in {account} at {percent} percent for {years} years, what interest do I get?
I want to know how much interest account {account} brings in {years} years at {percent} percent.
Please tell me the interest on the balance of account {account} at {percent} percent for {years} years.
[payment_and_convert]
train:
How much did I pay {payee} from account {account}, in {to}?
What did I pay {payee} from account {account}, and how much is that in {to}?
Please convert my payment from account {account} to {payee} into {to}.
Look up the payment from {account} to {payee} and convert it to {to}.
Can you tell me in {to} how much I sent to {payee} from account {account}?
I want to know in {to} what I paid {payee} from account {account}.
How many {to} did {payee} get from account {account}?
Tell me the amount that went from account {account} to {payee}, in {to}.
I paid {payee} from account {account}. How much was that in {to}?
Could you convert what I paid {payee} from account {account} to {to}?
How much was the payment from account {account} to {payee} in {to}?
I need the amount of the payment from {account} to {payee} in {to}.
From account {account} I paid {payee}. What is that in {to}?
How much money in {to} went from account {account} to {payee}?
First look up what I paid {payee} from {account}, then convert it to {to}.
Please tell me how many {to} I sent to {payee} from account {account}.
validation:
Can you convert my payment to {payee} from account {account} into {to}?
How many {to} did I pay {payee} from account {account}?
Please look up the payment from {account} to {payee} and tell me the amount in {to}.
I want to know how much I sent to {payee} from account {account}, in {to}.
test:
Could you tell me in {to} what I paid {payee} from account {account}?
How much is my payment to {payee} from account {account} in {to}?
I need to know how many {to} {payee} got from account {account}.
Please convert the payment from account {account} to {payee} to {to}.
[transfer_and_convert]
train:
Please transfer {amount} EUR from account {account} to {payee}. How much is left in {to}?
Send {amount} EUR from account {account} to {payee} and tell me the new balance in {to}.
Transfer {amount} EUR to {payee} from account {account}, then tell me what is left in {to}.
Can you send {amount} EUR to {payee} from account {account} and tell me the balance in {to}?
I want to transfer {amount} EUR from {account} to {payee} and know the new balance in {to}.
Pay {payee} {amount} EUR from account {account}. What is the balance in {to} after that?
First pay {amount} EUR to {payee} from {account}, then convert the balance to {to}.
I need to send {amount} EUR from account {account} to {payee}. How many {to} are left?
Could you transfer {amount} EUR to {payee} from account {account} and convert what is left to {to}?
From account {account}, please send {amount} EUR to {payee} and show me the balance in {to}.
I owe {payee} {amount} EUR. Pay it from account {account} and tell me in {to} what is left.
Use account {account} to pay {amount} EUR to {payee}, then tell me the balance in {to}.
Make a transfer of {amount} EUR from {account} to {payee}. What do I have then, in {to}?
My bill from {payee} is {amount} EUR. Pay it from account {account} and tell me the balance in {to}.
I would like to pay {payee} {amount} EUR from {account} and to know what is left in {to}.
Please pay {amount} EUR to {payee} from account {account}, and convert the new balance to {to}.
validation:
Can you transfer {amount} EUR from account {account} to {payee} and tell me what is left in {to}?
Please pay {payee} {amount} EUR from {account}. What is the new balance in {to}?
I want to send {amount} EUR to {payee} from account {account} and know the balance in {to}.
First send {amount} EUR from account {account} to {payee}, then tell me the balance in {to}.
test:
Could you send {amount} EUR from account {account} to {payee} and tell me the new balance in {to}?
Please make a transfer of {amount} EUR to {payee} from {account}. How many {to} are left?
I need to pay {payee} {amount} EUR from account {account}. How much is left in {to}?
Transfer {amount} EUR from account {account} to {payee} and convert the balance to {to}.
[out_of_scope]
train:
What is the weather in {town}?
Can you book a hotel in {town} for me?
Please write a poem about {town}.
Who is the mayor of {town}?
Which train goes to {town}?
What do you think of {firm}?
Can you call {firm} for me?
Please tell me a joke.
How do I cook soup?
What is the best restaurant in {town}?
Should I work for {firm}?
Can you help me with my homework?
Book a taxi to {town} please.
Tell me a story about {town}.
Who won the game in {town}?
What is the phone number of {firm}?
How far is it to {town}?
Please translate a letter to {firm} for me.
validation:
Can you book a train to {town} for me?
Please tell me a story about {firm}.
What is the best hotel in {town}?
Who is the best cook in {town}?
test:
Should I book a restaurant in {town}?
Please write a letter to {firm} for me.
How is the weather in {town}?
Can you tell me a joke about {town}?
)";

}  // namespace

const PhraseBook& finance_phrases() {
  static const PhraseBook book(kText);
  return book;
}

}  // namespace frugal::agent
